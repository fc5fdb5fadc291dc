// The best that C++ does on libcurl and libuv, with the ideas of luvcurl and nothing that a library
// needs beside them. Each easy handle is set up once and added again and again, to the same CURLM,
// of at most 16 transfers; libcurl is kicked from a prepare handle; what it wishes for its sockets
// is applied once in each turn of the loop, and they stay registered between requests.

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "client.h"

namespace {

constexpr std::uint64_t never = UINT64_MAX;
constexpr std::size_t lane_capacity = 16;

class Client;
struct Lane;

// A descriptor number, with a poll handle that serves every socket of that number.
struct Watch {
  uv_poll_t poll;
  Lane *lane = nullptr;
  int want = 0;            // UV_READABLE | UV_WRITABLE
  int armed = 0;           // the same bits, as the loop watches
  bool made = false;       // `poll` is
  bool ours = false;       // we open and close it
  bool connected = false;  // a request was done over it: libcurl closes it through on_close
  bool dirty = false;
};

struct Lane {
  Client *client;
  CURLM *multi;
  std::uint64_t deadline = never;
  bool kicked = false;
};

struct Slot {
  explicit Slot(const bench::Options &options) : exchange(options) {}
  bench::Exchange exchange;
  CURL *easy = curl_easy_init();
  Lane *lane = nullptr;
};

class Client {
 public:
  explicit Client(const bench::Options &options) : options_(options), progress_(options) {
    uv_loop_init(&loop_);
    uv_timer_init(&loop_, &timer_);
    uv_prepare_init(&loop_, &prepare_);
    prepare_.data = this;
    uv_prepare_start(&prepare_, [](uv_prepare_t *p) { static_cast<Client *>(p->data)->turn(); });
    make_slots();
  }

  ~Client() {
    for (const auto &slot : slots_) curl_easy_cleanup(slot->easy);
    for (const auto &lane : lanes_) curl_multi_cleanup(lane->multi);
    curl_url_cleanup(url_);
    uv_walk(
        &loop_, [](uv_handle_t *handle, void *) { uv_close(handle, nullptr); }, nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }

  Client(const Client &) = delete;
  Client &operator=(const Client &) = delete;

  void run() {
    fill();
    while (!progress_.finished()) uv_run(&loop_, UV_RUN_ONCE);
    progress_.report();
  }

 private:
  // --- handles ---

  long buffer_size() const {
    if (options_.in_flight < 32) return 128 * 1024;
    return options_.in_flight < 512 ? 32 * 1024 : 16 * 1024;
  }

  void make_slots() {
    curl_url_set(url_, CURLUPART_URL, options_.url.c_str(), 0);
    const std::size_t capacity = options_.http2 ? 256 : lane_capacity;
    const auto count = static_cast<std::size_t>(options_.in_flight);
    slots_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      if (i % capacity == 0) open_lane();
      auto slot = std::make_unique<Slot>(options_);
      slot->lane = lanes_.back().get();
      set_up(*slot);
      idle_.push_back(slot.get());
      slots_.push_back(std::move(slot));
    }
  }

  void open_lane() {
    lanes_.push_back(std::make_unique<Lane>(Lane{this, curl_multi_init()}));
    CURLM *multi = lanes_.back()->multi;
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, lanes_.back().get());
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, lanes_.back().get());
    curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, 256L);
  }

  void set_up(Slot &slot) {
    CURL *easy = slot.easy;
    curl_easy_setopt(easy, CURLOPT_CURLU, url_);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &slot);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");  // these two: no look into the environment
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, buffer_size());
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 256L * 1024);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &on_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &on_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
    slot.exchange.set_up(easy);
  }

  // --- transfers ---

  void fill() {
    while (!idle_.empty() && progress_.next()) {
      Slot *slot = idle_.back();
      idle_.pop_back();
      slot->exchange.begin();
      curl_multi_add_handle(slot->lane->multi, slot->easy);
    }
  }

  void drive(Lane &lane, curl_socket_t fd, int bits) {
    int running = 0;
    curl_multi_socket_action(lane.multi, fd, bits, &running);
    int left = 0;
    while (const CURLMsg *message = curl_multi_info_read(lane.multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      Slot *slot = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &slot);
      if (fd != CURL_SOCKET_TIMEOUT && code == CURLE_OK) at(fd).connected = at(fd).ours;
      slot->exchange.end(slot->easy, code, progress_);
      curl_multi_remove_handle(lane.multi, slot->easy);
      idle_.push_back(slot);
    }
    fill();
    if (progress_.finished()) uv_stop(&loop_);  // we may be before its wait
  }

  // --- the loop's turn ---

  void turn() {
    std::uint64_t next = never;
    const std::uint64_t now = uv_now(&loop_);
    for (bool again = true; again;) {
      again = false;
      for (const auto &lane : lanes_) {
        if (!lane->kicked && lane->deadline > now) continue;
        lane->kicked = false;
        lane->deadline = never;
        drive(*lane, CURL_SOCKET_TIMEOUT, 0);
      }
      for (const auto &lane : lanes_) again |= lane->kicked;
    }
    for (const auto &lane : lanes_) next = next < lane->deadline ? next : lane->deadline;
    apply();
    if (next == armed_) return;
    armed_ = next;
    if (next == never) {
      uv_timer_stop(&timer_);
    } else {
      // It only ends the wait: the deadline is looked at in the next turn.
      timer_.data = this;
      uv_timer_start(
          &timer_, [](uv_timer_t *timer) { static_cast<Client *>(timer->data)->armed_ = never; },
          next > now ? next - now : 0, 0);
    }
  }

  static int on_timer(CURLM *, long milliseconds, void *argument) {
    auto *lane = static_cast<Lane *>(argument);
    if (milliseconds == 0) {
      lane->kicked = true;
    } else {
      lane->deadline = milliseconds < 0 ? never
                                        : uv_now(&lane->client->loop_) +
                                              static_cast<std::uint64_t>(milliseconds);
    }
    return 0;
  }

  // --- sockets ---

  Watch &at(curl_socket_t fd) {
    const auto index = static_cast<std::size_t>(fd);
    while (watches_.size() <= index) watches_.push_back(nullptr);
    if (!watches_[index]) watches_[index] = std::make_unique<Watch>();
    return *watches_[index];
  }

  static void disarm(Watch &watch) {
    if (watch.armed == 0) return;
    watch.armed = 0;
    uv_poll_stop(&watch.poll);
  }

  void mark(curl_socket_t fd, Watch &watch) {
    if (!watch.dirty) dirty_.push_back(fd);
    watch.dirty = true;
  }

  static int on_socket(CURL *, curl_socket_t fd, int what, void *argument, void *) {
    auto *lane = static_cast<Lane *>(argument);
    Watch &watch = lane->client->at(fd);
    watch.want = ((what & CURL_POLL_IN) != 0 && what != CURL_POLL_REMOVE ? UV_READABLE : 0) |
                 ((what & CURL_POLL_OUT) != 0 && what != CURL_POLL_REMOVE ? UV_WRITABLE : 0);
    watch.lane = lane;
    if (watch.want == 0) {
      if (!watch.connected) disarm(watch);
    } else if (watch.want != watch.armed) {
      lane->client->mark(fd, watch);
    }
    return 0;
  }

  void apply() {
    for (const curl_socket_t fd : dirty_) {
      Watch &watch = at(fd);
      watch.dirty = false;
      if (watch.want == 0 || watch.want == watch.armed) continue;
      if (!watch.made) {
        uv_poll_init(&loop_, &watch.poll, fd);
        watch.poll.data = this;
        watch.made = true;
      }
      uv_poll_start(&watch.poll, watch.want, &on_poll);
      watch.armed = watch.want;
    }
    dirty_.clear();
  }

  static void on_poll(uv_poll_t *poll, int status, int events) {
    auto *self = static_cast<Client *>(poll->data);
    uv_os_fd_t fd = -1;
    uv_fileno(reinterpret_cast<uv_handle_t *>(poll), &fd);
    Watch &watch = *self->watches_[static_cast<std::size_t>(fd)];
    if (status < 0) watch.armed = 0;  // libuv has stopped it
    if (watch.want == 0) {
      disarm(watch);
      return;
    }
    int bits = 0;
    if (status < 0) {
      bits = CURL_CSELECT_ERR;
      events = UV_READABLE | UV_WRITABLE;
    }
    if ((events & watch.want & UV_READABLE) != 0) bits |= CURL_CSELECT_IN;
    if ((events & watch.want & UV_WRITABLE) != 0) bits |= CURL_CSELECT_OUT;
    self->drive(*watch.lane, fd, bits);
    if (watch.want != 0 && watch.want != watch.armed) self->mark(fd, watch);
  }

  static curl_socket_t on_open(void *client, curlsocktype, curl_sockaddr *address) {
    const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0) return CURL_SOCKET_BAD;
    auto *self = static_cast<Client *>(client);
    Watch &watch = self->at(fd);
    disarm(watch);
    watch.ours = true;
    watch.connected = false;
    if (watch.want != 0) self->mark(fd, watch);
    return fd;
  }

  static int on_close(void *client, curl_socket_t fd) {
    Watch &watch = static_cast<Client *>(client)->at(fd);
    disarm(watch);
    watch.want = 0;
    watch.ours = watch.connected = false;
    return ::close(fd);
  }

  const bench::Options &options_;
  bench::Progress progress_;
  uv_loop_t loop_{};
  uv_timer_t timer_{};
  uv_prepare_t prepare_{};
  std::uint64_t armed_ = never;
  CURLU *url_ = curl_url();
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<Slot *> idle_;
  std::vector<std::unique_ptr<Watch>> watches_;  // by descriptor
  std::vector<curl_socket_t> dirty_;
};

}  // namespace

int main(int argc, char **argv) {
  const bench::Options options = bench::parse(argc, argv);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  Client(options).run();
  curl_global_cleanup();
  return 0;
}
