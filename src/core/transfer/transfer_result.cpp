// The part of Transfer that notes what is known of it: how long each step took, where it was when
// it ended, and what outlives it.

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/transfer/transfer.h"

namespace luvcurl {

namespace {

// Newer versions of libcurl fill in, at a failure, times of steps that were not reached.
void forget_unreached(Timings &timings, Phase phase) {
  if (phase < Phase::body) timings.wait = 0;
  if (phase < Phase::send) timings.send = 0;
  if (phase <= Phase::tls) timings.tls = 0;
  if (phase <= Phase::connect) timings.connect = 0;
  if (phase <= Phase::resolve) timings.resolve = 0;
}

}  // namespace

void Transfer::take_summary(CURLcode code) {
  const Headers &headers = result_->headers;
  if (easy_)
    result_->summary = summarize(easy_->handle.get(), headers.status(), !headers.hops().empty());
  Timings &timings = result_->summary.timings;
  // They add up over redirects: an earlier request had reached what this one did not.
  if (code != CURLE_OK && headers.hops().empty()) forget_unreached(timings, result_->outcome.phase);
  const std::uint64_t left_queue = easy_ ? started_at_ : loop_.now();
  timings.queue = static_cast<std::int64_t>(left_queue - added_at_) * 1000;
  // libcurl counts up to its last look at the transfer, which is long ago for one that stalled.
  if (easy_ && code != CURLE_OK)
    timings.total =
        std::max(timings.total, static_cast<std::int64_t>(loop_.now() - started_at_) * 1000);
  // Every step counts from add; libcurl does not know of the time before it.
  for (std::int64_t *step :
       {&timings.resolve, &timings.connect, &timings.tls, &timings.send, &timings.wait}) {
    if (*step != 0) *step += timings.queue;
  }
  timings.total += timings.queue;
}

Phase Transfer::phase_reached(CURLcode code) const {
  if (!easy_ || state_ == State::queued) return Phase::queue;
  if (response_in_) return Phase::body;
  const std::string url = current_url();
  const Option *proxy = request_.options->find(CURLOPT_PROXY);
  const bool has_proxy = proxy != nullptr && !proxy->text.empty();
  const bool opened = easy_->socket != CURL_SOCKET_BAD;
  const bool reached = loop_.interest().has_reached(easy_->socket);
  const Phase phase =
      phase_before_response(easy_->handle.get(), code, {before_, url, has_proxy, opened, reached});
  return phase == Phase::wait && is_uploading() ? Phase::send : phase;
}

bool Transfer::is_uploading() const {
  if (request_.body == BodyKind::bytes)
    return info_size(easy_->handle.get(), CURLINFO_SIZE_UPLOAD_T) <
           static_cast<std::int64_t>(request_.bytes.size());
  return std::any_of(outboxes_.begin(), outboxes_.end(),
                     [](const Outbox &outbox) { return !outbox.finished() || outbox.size() > 0; });
}

std::string Transfer::url() const { return without_credentials(current_url().c_str()); }

std::string Transfer::current_url() const {
  if (state_ == State::running) {
    const char *effective = info_text(easy_->handle.get(), CURLINFO_EFFECTIVE_URL);
    if (*effective != '\0') return result_->headers.with_fragment(effective);
  }
  return result_->whole_url();
}

std::unique_ptr<Result> Transfer::release_result() {
  if (easy_) result_->headers.written(easy_->lines);
  return std::move(result_);
}

}  // namespace luvcurl
