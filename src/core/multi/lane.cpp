#include "core/multi/lane.h"

#include <new>

#include "core/curl/multi_handle.h"
#include "core/curl/quirks.h"
#include "core/loop/descriptors.h"
#include "core/loop/loop.h"
#include "core/multi/multi.h"
#include "core/transfer/transfer.h"

namespace luvcurl {

Lane::Lane(Loop &loop, Multi &owner, Kin kin, long max_connections)
    : loop_(loop), owner_(owner), kin_(kin), max_connections_(max_connections) {}

Lane::~Lane() { close(); }

void Lane::open() {
  multi_ = make_multi();
  if (!multi_) throw std::bad_alloc();
  const Settings &settings = owner_.settings();
  CURLM *multi = multi_.get();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, static_cast<long>(Multi::max_streams));
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, settings.max_host_connections);
  sparing_ = false;
  limit_connections();
}

// By default libcurl keeps four connections per transfer in flight and evicts the rest, which
// closes connections whenever the load swings.
void Lane::limit_connections() {
  const auto used = static_cast<long>(active_) + 1;
  CURLM *multi = multi_.get();
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, sparing_ ? used : owner_.settings().max_idle);
  const long total = sparing_ && max_connections_ == 0 ? used : max_connections_;
  curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, total);
}

bool Lane::spare() noexcept {
  if (!multi_ || sparing_) return false;
  if (active_ == 0) {
    rest();
  } else {
    sparing_ = true;
    limit_connections();
  }
  return true;
}

// Before its connections are closed each one's server has had its last word: libcurl would wait for
// that, for two minutes of FTP's, IMAP's, POP3's and SMTP's.
void Lane::close() noexcept {
  loop_.interest().hang_up(this);
  multi_.reset();
  loop_.interest().forget(this);
}

int Lane::on_socket(CURL *easy, curl_socket_t fd, int what, void *lane, void *) noexcept {
  Lane &self = *static_cast<Lane *>(lane);
  try {
    self.loop_.interest().wish(&self, fd, what, easy);
    return 0;
  } catch (const std::bad_alloc &) {
    return -1;  // the one value that libcurl takes for a failure
  }
}

int Lane::on_timer(CURLM *, long milliseconds, void *lane) noexcept {
  Lane &self = *static_cast<Lane *>(lane);
  if (milliseconds == 0) {
    self.kicked_ = true;
    self.loop_.wake();
  } else {
    self.deadline_ = milliseconds < 0 ? no_deadline
                                      : self.loop_.now() + static_cast<std::uint64_t>(milliseconds);
    self.loop_.note_deadline(self.deadline_);
  }
  return 0;
}

void Lane::kick() {
  kicked_ = true;
  loop_.wake();
}

bool Lane::take_kick(std::uint64_t now) {
  if (!kicked_ && deadline_ > now) return false;
  kicked_ = false;
  deadline_ = no_deadline;
  return true;
}

void Lane::add(Transfer &transfer) {
  if (!multi_) {
    try {
      open();  // a new lane, one that rests, or there was no memory for it
    } catch (const std::bad_alloc &) {
      return transfer.finish(Descriptors::refused() != 0 ? CURLE_FAILED_INIT : CURLE_OUT_OF_MEMORY);
    }
  }
  if (sparing_) {
    sparing_ = owner_.is_short_of_descriptors();
    limit_connections();
  }
  // Redirects look for a connection, fresh ones or not.
  if (serves_one(*transfer.request().options)) share_no_connection();
  const CURLMcode code = curl_multi_add_handle(multi_.get(), transfer.easy());
  if (code != CURLM_OK) {
    transfer.fail(code == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_FAILED_INIT,
                  curl_multi_strerror(code));
    return;
  }
  transfer.carried_by(this);
  ++active_;
  owner_.started(transfer);
}

void Lane::remove(Transfer &transfer) noexcept {
  transfer.leaving();
  curl_multi_remove_handle(multi_.get(), transfer.easy());
  if (transfer.request().url->origin->talks) loop_.interest().left_by(transfer.easy());
  transfer.carried_by(nullptr);
  --active_;
  owner_.stopped(transfer);
}

void Lane::hang_up(const Transfer &transfer) noexcept {
  loop_.interest().hang_up(this, transfer.easy());
}

void Lane::drive(curl_socket_t fd, int bits) {
  if (!multi_) return;  // add() opens it, if there is memory by then
  int running = 0;
  loop_.interest().working_on(fd);
  const CURLMcode code = curl_multi_socket_action(multi_.get(), fd, bits, &running);
  loop_.interest().working_on(CURL_SOCKET_BAD);
  reap();
  if (distrusted_) be_careful();
  if (code != CURLM_OK && code != CURLM_BAD_SOCKET) fail(curl_multi_strerror(code));
  if (quirks().recheck_timer && active_ > 0) {
    // COMPAT libcurl 8.10.0-8.11.0: an early CURL_SOCKET_TIMEOUT does not make it state its timer
    // anew (curl#15627).
    long milliseconds = -1;
    curl_multi_timeout(multi_.get(), &milliseconds);
    if (milliseconds >= 0) on_timer(multi_.get(), milliseconds, this);
  }
}

void Lane::reap() {
  int left = 0;
  while (const CURLMsg *message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;  // copied: removing the handle frees the message
    const char *easy = info_text(message->easy_handle, CURLINFO_PRIVATE);
    auto &transfer = static_cast<Transfer &>(*reinterpret_cast<const Easy *>(easy)->user);
    transfer.finish(code);
    remove(transfer);
  }
}

// COMPAT libcurl < 8.13 has believed that server by now: until that connection's bundle is gone it
// would put several requests on an HTTP/1 connection to it.
void Lane::be_careful() {
  if (active_ == 0) return rest();
  share_no_connection();
}

void Lane::share_no_connection() {
  curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
}

void Lane::fail(const char *why) {
  owner_.fail_all(this, CURLE_FAILED_INIT, why);
  rest();
}

void Lane::rest() noexcept {
  close();
  deadline_ = no_deadline;
  kicked_ = distrusted_ = false;
}

void Lane::pass_to(Kin kin) noexcept {
  kin_ = kin;
  rest();
}

}  // namespace luvcurl
