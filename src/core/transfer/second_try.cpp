// A request's second try, when a kept connection turns out to be dead: over a new one. libcurl
// would do that too, for every method, though the server may have acted on what it has read; with a
// count that (< 8.17) goes on in a kept handle; and not while a body is being sent, nor (7.88) when
// HTTP/2 was given up by a GOAWAY. So for the first request of a transfer it is up to us, and
// libcurl is let do it for those that a redirect or a challenge leads to (resend.h).

#include <algorithm>
#include <string_view>

#include "core/curl/quirks.h"
#include "core/transfer/transfer.h"

namespace luvcurl {

namespace {

// What libcurl ends with when a connection is lost before a byte of the answer came.
bool is_loss(CURLcode code) {
  switch (code) {
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_PARTIAL_FILE:
      return true;
    default:
      return false;
  }
}

}  // namespace

// Nothing of a response came, and the connection had served before.
bool Transfer::met_dead_connection(CURLcode code) const {
  return is_loss(code) && result_->outcome.code == CURLE_OK && !second_try_ &&
         request_.url->origin->is_http && result_->headers.status() == 0 &&
         info_long(easy_->handle.get(), CURLINFO_NUM_CONNECTS) == 0;
}

// COMPAT libcurl < 8.17 (curl#19066): a handle counts how often its requests were sent again, all
// of them together, and after the fifth time one fails. It cannot be asked; but each time a
// connection is opened. HTTP/2 counts streams that are refused, too.
bool Transfer::may_have_counted() const {
  const Summary &summary = result_->summary;
  return quirks().counts_on && summary.connections > 0 &&
         (easy_->resent_by_libcurl || summary.http_version >= CURL_HTTP_VERSION_2_0);
}

// docs/HANDLES.md goes through all that a handle has. An RTSP session's name and count stay in it,
// and where an FTP server began; in libcurl 7.88 the error of a connection's first address, too.
bool Transfer::leaves_traces() const {
  return may_have_counted() || !request_.url->origin->is_http ||
         (result_->summary.connections > 0 &&
          info_long(easy_->handle.get(), CURLINFO_OS_ERRNO) != 0);
}

bool Transfer::can_start_again() const {
  return request_.rewindable || std::none_of(outboxes_.begin(), outboxes_.end(),
                                             [](const Outbox &outbox) { return outbox.touched(); });
}

void Transfer::start_again() {
  second_try_ = true;
  start_over();
}

void Transfer::start_over() {
  for (Outbox &outbox : outboxes_) {
    if (outbox.touched()) outbox.restart();
  }
  reading_ = bytes_read_ = 0;
  flow_.restart();
  state_ = State::queued;
  owner_->enqueue(self());
}

}  // namespace luvcurl
