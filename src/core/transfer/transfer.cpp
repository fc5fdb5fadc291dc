#include "core/transfer/transfer.h"

#include "core/curl/quirks.h"
#include "core/loop/loop.h"
#include "core/multi/lane.h"
#include "core/multi/multi.h"

namespace luvcurl {

Transfer::Transfer(std::shared_ptr<Multi> multi, Request request)
    : multi_(std::move(multi)), request_(std::move(request)), added_at_(multi_->loop().now()) {
  result_->requested = request_.url;
  outboxes_.resize(request_.sizes.size());
}

// --- what the consumer asks for ---

bool Transfer::cancel() {
  if (is_settled()) return false;
  due_ = 0;  // who cancels wants to hear of nothing but the end
  fail(CURLE_ABORTED_BY_CALLBACK, "the transfer was cancelled");
  return true;
}

// What libcurl has completed is under way until its sink was told: an error in response or data
// counts.
bool Transfer::is_settled() const {
  return state_ == State::done || (state_ == State::ended && result_->outcome.code != CURLE_OK);
}

void Transfer::fail(CURLcode code, std::string_view message) noexcept {
  if (is_settled()) return;
  std::string text;
  try {
    result_->outcome.phase = phase_reached(code);
    take_summary(code);
    text = message;
  } catch (const std::bad_alloc &) {
    // An end without its words is better than none: failure() has libcurl's for the code.
  }
  end(code, std::move(text));
}

void Transfer::pause() {
  if (paused_by_user_ || state_ == State::done) return;
  paused_by_user_ = true;
  notify(0);
}

void Transfer::resume() {
  if (!paused_by_user_) return;
  paused_by_user_ = false;
  // A sink that paused it may have left something.
  notify(inbox_.empty() ? 0U : due_data);
}

void Transfer::keep_loop_alive(bool keep) {
  if (keep == holds_loop_ || (keep && state_ == State::done)) return;
  holds_loop_ = keep;
  multi_->loop().hold(keep ? 1 : -1);
}

void Transfer::take(std::size_t size) {
  inbox_.drop(size);
  if ((full_ & hold_down) == 0 || inbox_.size() > request_.high_water / 2) return;
  full_ &= ~static_cast<unsigned>(hold_down);
  notify(0);
}

std::uint64_t Transfer::discard() {
  discards_ = true;
  const std::uint64_t bytes = discarded_ + inbox_.size();
  discarded_ = 0;
  take(inbox_.size());
  return bytes;
}

void Transfer::feed(std::size_t stream, std::string_view bytes) {
  if (state_ == State::ended || state_ == State::done || stream >= outboxes_.size()) return;
  if (outboxes_[stream].stale()) return;
  outboxes_[stream].append(bytes.data(), bytes.size());
  if (stream != reading_) return;
  if ((full_ & hold_up) != 0) {
    full_ &= ~static_cast<unsigned>(hold_up);
    notify(0);
  }
  notify(due_read);
}

void Transfer::finish_feed(std::size_t stream) {
  if (stream < outboxes_.size() && !outboxes_[stream].stale()) outboxes_[stream].finish();
  feed(stream, {});
}

void Transfer::size_of(std::size_t stream, std::int64_t size) {
  if (request_.held && stream < request_.sizes.size()) request_.sizes[stream] = size;
}

void Transfer::ready() {
  if (!request_.held) return;
  if (state_ == State::queued) multi_->enqueue(self());
  request_.held = false;
}

// --- its life ---

void Transfer::notify(unsigned due) {
  due_ |= due;
  multi_->loop().announce(*this);
}

bool Transfer::start(std::string *error) {
  state_ = State::running;
  easy_ = multi_->pool().acquire(request_.options, request_.body, *request_.url, error);
  if (!easy_) return false;
  easy_->user = this;
  result_->headers.write_to(easy_->lines);
  if (second_try_) {
    set_option(easy_->handle.get(), CURLOPT_FRESH_CONNECT, 1L);
    easy_->spoiled = true;
  }
  started_at_ = multi_->loop().now();
  const CURLcode code = set_up(*easy_, request_, multi_->buffer_size());
  if (code != CURLE_OK) *error = curl_easy_strerror(code);
  if (!outboxes_.empty()) notify(due_read);
  return code == CURLE_OK;
}

void Transfer::finish(CURLcode code) noexcept {
  if (state_ != State::running) return;  // ended by us while libcurl worked on it
  CURL *handle = easy_->handle.get();
  try {
    if (met_dead_connection(code)) {
      if (can_start_again()) return start_again();
      code = CURLE_SEND_FAIL_REWIND;
    }
    if (result_->outcome.code != CURLE_OK) code = result_->outcome.code;
    // libcurl takes headers that are cut off for all of them, if none has told of a body.
    const bool cut_off = code == CURLE_OK && !response_in_ && result_->headers.in_block();
    if (cut_off) code = CURLE_PARTIAL_FILE;
    if (!response_in_ && result_->headers.status() != 0 && code == CURLE_OK) response_is_in();
    result_->headers.collect(handle);
    if (request_.wants_progress && code == CURLE_OK && has_unreported_) due_ |= due_progress;
    take_summary(code);
    result_->outcome.phase = phase_reached(code);
    // What libcurl says of a callback without memory is what that did to the transfer.
    const bool own_words = easy_->message[0] != '\0' && code != CURLE_OUT_OF_MEMORY;
    const char *message = own_words ? easy_->message.data() : curl_easy_strerror(code);
    // libcurl's word for a line of more than 100 kB, too.
    if (code == CURLE_OUT_OF_MEMORY && result_->outcome.phase == Phase::wait)
      message = "Out of memory, or a line of the headers is too long";
    if (cut_off) message = "the connection was closed in the middle of the headers";
    if (code == CURLE_SEND_FAIL_REWIND && !outboxes_.empty() && !request_.rewindable)
      message =
          "the body has to be sent anew (a redirect, a challenge or a lost connection), "
          "and its source cannot start again";
    end(code, code == CURLE_OK ? "" : message);
  } catch (const std::bad_alloc &) {
    end(CURLE_OUT_OF_MEMORY, {});
  }
}

void Transfer::end(CURLcode code, std::string message) {
  const bool waited = state_ == State::queued;
  result_->outcome.code = code;
  result_->outcome.message = std::move(message);
  state_ = State::ended;
  if (waited) multi_->left_queue();
  notify(0);
}

void Transfer::tell() {
  if (state_ == State::ended && lane_ != nullptr) lane_->remove(*this);
  apply_flow();
  while (state_ != State::done) {
    if (paused()) return;
    const auto take_due = [this](unsigned due) {
      const bool is = (due_ & due) != 0;
      due_ &= ~due;
      return is;
    };
    // So that a loop which the script runs in a hook tells the rest.
    if (state_ == State::ended && due_ != 0) notify(0);
    if (take_due(due_response)) {
      request_.sink->response(*this);
    } else if (take_due(due_data)) {
      if (!inbox_.empty()) request_.sink->data(*this);
    } else if (take_due(due_read)) {
      ask_source();
    } else if (take_due(due_progress)) {
      // Counted from the telling, since what was noticed in time may be told late, and from its
      // end, since a hook may take its time.
      reported_at_ = multi_->loop().now();
      has_unreported_ = false;
      request_.sink->progress(*this);
      reported_at_ = multi_->loop().now();
    } else if (state_ == State::ended) {
      if (lane_ != nullptr) lane_->remove(*this);
      state_ = State::done;
      multi_->forget(*this);
      keep_loop_alive(false);  // before: the script may run the loop in there until nothing is left
      request_.sink->done(*this);
      if (easy_) multi_->pool().release(std::move(easy_));
      return;
    } else {
      return;
    }
  }
}

void Transfer::ask_source() {
  if (state_ != State::running) return;
  if (outboxes_[reading_].take_rewind()) request_.sink->rewind(*this, reading_);
  if (state_ == State::running && outboxes_[reading_].ask()) request_.sink->read(*this, reading_);
}

void Transfer::apply_flow() noexcept {
  if (state_ != State::running) return;
  unsigned wanted = full_ | (paused_by_user_ ? hold_down | hold_up : hold_none);
  // COMPAT libcurl < 8.4: held in one direction only by this call, it reads once more, into a
  // buffer of its own.
  if ((wanted & hold_down) != 0 && request_.body == BodyKind::none) wanted |= hold_up;
  if (wanted == held_) return;
  const bool releases = (held_ & ~wanted) != 0;
  if (releases) heard_at_ = multi_->loop().now();  // `idle` does not count while it is paused
  held_ = wanted;  // before the call: libcurl may call on_write and on_read within it
  curl_easy_pause(easy_->handle.get(), ((wanted & hold_down) != 0 ? CURLPAUSE_RECV : 0) |
                                           ((wanted & hold_up) != 0 ? CURLPAUSE_SEND : 0));
  // COMPAT libcurl < 8.1: an HTTP/2 stream can stall after it is let go (curl#11005) unless driven.
  if (releases && lane_ != nullptr) lane_->kick();
}

Course Transfer::course() const {
  return {state_ == State::running,
          response_in_,
          held_ != hold_none,
          added_at_,
          started_at_,
          heard_at_};
}

std::uint64_t Transfer::next_deadline() const {
  if (state_ == State::ended || state_ == State::done) return UINT64_MAX;
  return luvcurl::next_deadline(request_.timeouts, course());
}

void Transfer::check_deadline(std::uint64_t now) {
  if (next_deadline() <= now) {
    fail(CURLE_OPERATION_TIMEDOUT, overdue(request_.timeouts, course(), now));
  } else if (may_be_forgotten()) {
    remind();
  }
}

// COMPAT libcurl < 8.4: when the server of a kept FTP connection answers at once, libcurl comes to
// DOING_MORE and returns with neither a socket nor a timer to go on from (curl#12042).
bool Transfer::may_be_forgotten() const {
  return quirks().forgets_ftp && request_.url->origin->is_ftp && state_ == State::running &&
         !response_in_ && held_ == hold_none;
}

// The end of a pause has libcurl run a transfer, whatever it is at.
void Transfer::remind() noexcept {
  curl_easy_pause(easy_->handle.get(), CURLPAUSE_ALL);
  curl_easy_pause(easy_->handle.get(), CURLPAUSE_CONT);
}

}  // namespace luvcurl
