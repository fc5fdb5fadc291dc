// What one gets by following curl's docs/examples/multi-uv.c: a poll handle for each socket, made
// and closed in the socket callback; a new easy handle for each request; a uv timer for libcurl's.
// Different from the example it drains what is done after every call, and keeps libcurl's timer
// through socket events, so that it is correct.

#include <curl/curl.h>
#include <uv.h>

#include "client.h"

namespace {

using bench::Exchange;

class Client {
 public:
  explicit Client(const bench::Options &options) : options_(options), progress_(options) {
    uv_loop_init(&loop_);
    uv_timer_init(&loop_, &timer_);
    timer_.data = this;
    multi_ = curl_multi_init();
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  }

  ~Client() {
    curl_multi_cleanup(multi_);
    uv_close(reinterpret_cast<uv_handle_t *>(&timer_), nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }

  Client(const Client &) = delete;
  Client &operator=(const Client &) = delete;

  void run() {
    fill();
    while (!progress_.finished() && uv_run(&loop_, UV_RUN_ONCE) != 0) {
    }
    progress_.report();
  }

 private:
  struct Context {
    uv_poll_t poll;
    curl_socket_t fd;
    Client *client;
  };

  void fill() {
    while (progress_.next()) {
      CURL *easy = curl_easy_init();
      auto *exchange = new Exchange(options_);
      curl_easy_setopt(easy, CURLOPT_URL, options_.url.c_str());
      curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
      exchange->set_up(easy);
      exchange->begin();
      curl_multi_add_handle(multi_, easy);
    }
  }

  void drive(curl_socket_t fd, int flags) {
    int running = 0;
    curl_multi_socket_action(multi_, fd, flags, &running);
    int left = 0;
    while (const CURLMsg *message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL *easy = message->easy_handle;
      const CURLcode code = message->data.result;
      Exchange *exchange = nullptr;
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, &exchange);
      exchange->end(easy, code, progress_);
      curl_multi_remove_handle(multi_, easy);
      curl_easy_cleanup(easy);
      delete exchange;
    }
    fill();
    if (progress_.finished()) uv_stop(&loop_);  // we may be before its wait
  }

  static void on_poll(uv_poll_t *poll, int status, int events) {
    const auto *context = static_cast<Context *>(poll->data);
    int flags = status < 0 ? CURL_CSELECT_ERR : 0;
    if ((events & UV_READABLE) != 0) flags |= CURL_CSELECT_IN;
    if ((events & UV_WRITABLE) != 0) flags |= CURL_CSELECT_OUT;
    context->client->drive(context->fd, flags);
  }

  static void on_timeout(uv_timer_t *timer) {
    static_cast<Client *>(timer->data)->drive(CURL_SOCKET_TIMEOUT, 0);
  }

  static int on_timer(CURLM *, long milliseconds, void *client) {
    uv_timer_t *timer = &static_cast<Client *>(client)->timer_;
    if (milliseconds < 0) {
      uv_timer_stop(timer);
    } else {
      // The example's: 0 would be as soon as possible, but not from within this callback.
      if (milliseconds == 0) milliseconds = 1;
      uv_timer_start(timer, &on_timeout, static_cast<std::uint64_t>(milliseconds), 0);
    }
    return 0;
  }

  Context *watch(curl_socket_t fd) {
    auto *context = new Context{{}, fd, this};
    uv_poll_init_socket(&loop_, &context->poll, fd);
    context->poll.data = context;
    curl_multi_assign(multi_, fd, context);
    return context;
  }

  void unwatch(Context *context) {
    uv_poll_stop(&context->poll);
    curl_multi_assign(multi_, context->fd, nullptr);
    uv_close(reinterpret_cast<uv_handle_t *>(&context->poll),
             [](uv_handle_t *handle) { delete static_cast<Context *>(handle->data); });
  }

  static int on_socket(CURL *, curl_socket_t fd, int what, void *client, void *known) {
    auto *self = static_cast<Client *>(client);
    auto *context = static_cast<Context *>(known);
    if (what == CURL_POLL_REMOVE) {
      if (context != nullptr) self->unwatch(context);
      return 0;
    }
    if (context == nullptr) context = self->watch(fd);
    int events = 0;
    if (what != CURL_POLL_IN) events |= UV_WRITABLE;
    if (what != CURL_POLL_OUT) events |= UV_READABLE;
    uv_poll_start(&context->poll, events, &on_poll);
    return 0;
  }

  const bench::Options &options_;
  bench::Progress progress_;
  uv_loop_t loop_{};
  uv_timer_t timer_{};
  CURLM *multi_ = nullptr;
};

}  // namespace

int main(int argc, char **argv) {
  const bench::Options options = bench::parse(argc, argv);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  Client(options).run();
  curl_global_cleanup();
  return 0;
}
