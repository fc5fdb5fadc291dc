// A request's second try. When a kept connection turns out to be dead, libcurl sends a request
// again over another one, but only if it notices while it waits for the response
// (CURLE_RECV_ERROR). While a body of some size is still being sent it ends with CURLE_SEND_ERROR:
// then it is up to us.

#include <algorithm>
#include <string_view>

#include "core/transfer/transfer.h"

namespace luvcurl {

// The rule is libcurl's own: nothing of a response came, and the connection had served before.
bool Transfer::met_dead_connection(CURLcode code) const {
  if (code != CURLE_SEND_ERROR || result_->outcome.code != CURLE_OK || second_try_) return false;
  CURL *handle = easy_->handle.get();
  const std::string_view scheme = info_text(handle, CURLINFO_SCHEME);
  return result_->headers.status() == 0 && info_long(handle, CURLINFO_NUM_CONNECTS) == 0 &&
         (scheme == "HTTP" || scheme == "HTTPS" || scheme == "http" || scheme == "https");
}

bool Transfer::can_start_again() const {
  return request_.rewindable || std::none_of(outboxes_.begin(), outboxes_.end(),
                                             [](const Outbox &outbox) { return outbox.touched(); });
}

void Transfer::start_again() {
  for (Outbox &outbox : outboxes_) {
    if (outbox.touched()) outbox.restart();
  }
  reading_ = bytes_read_ = 0;
  flow_.restart();
  second_try_ = true;
  state_ = State::queued;
  owner_->enqueue(self());
}

}  // namespace luvcurl
