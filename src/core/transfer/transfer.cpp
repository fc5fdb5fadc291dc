#include "core/transfer/transfer.h"

#include <algorithm>

#include "core/curl/quirks.h"

namespace luvcurl {

Transfer::Transfer(std::shared_ptr<TransferOwner> owner, Loop &loop, Request request)
    : owner_(std::move(owner)), loop_(loop), request_(std::move(request)), added_at_(loop.now()) {
  result_->requested = request_.url;
  outboxes_.resize(request_.sizes.size());
}

// --- what the consumer asks for ---

bool Transfer::cancel() {
  if (is_settled()) return false;
  telling_.drop_all();  // who cancels wants to hear of nothing but the end
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

void Transfer::shut_down() noexcept {
  if (is_settled()) return;
  telling_.drop_all();
  fail(CURLE_ABORTED_BY_CALLBACK, "curl.shutdown was called");
  result_->outcome.name = "SHUT_DOWN";
}

void Transfer::pause() {
  if (state_ != State::done && flow_.pause()) announce();
}

void Transfer::resume() {
  if (!flow_.resume()) return;
  // A sink that paused it may have left something.
  if (intake_.size() > 0) telling_.note(Telling::data);
  announce();
}

void Transfer::keep_loop_alive(bool keep) {
  if (keep == holds_loop_ || (keep && state_ == State::done)) return;
  holds_loop_ = keep;
  loop_.hold(keep ? 1 : -1);
}

void Transfer::take(std::size_t size) {
  intake_.drop(size);
  if (intake_.size() > request_.high_water / 2) return;
  // What was held for want of room is unpacked first.
  if (is_unpacking() || flow_.unblock(Flow::down)) announce();
}

std::uint64_t Transfer::discard() {
  const std::uint64_t bytes = intake_.discard();
  take(0);
  return bytes;
}

void Transfer::feed(std::size_t stream, std::string_view bytes) {
  if (state_ == State::ended || state_ == State::done || stream >= outboxes_.size()) return;
  if (outboxes_[stream].stale()) return;
  outboxes_[stream].append(bytes.data(), bytes.size());
  if (stream != reading_) return;
  flow_.unblock(Flow::up);
  tell_of(Telling::read);
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
  if (state_ == State::queued) owner_->enqueue(self());
  request_.held = false;
}

// --- its life ---

void Transfer::tell_of(Telling::Due due) noexcept {
  telling_.note(due);
  announce();
}

bool Transfer::start(std::string *error) {
  state_ = State::running;
  easy_ = owner_->lend(request_, error);
  if (!easy_) return false;
  easy_->user = this;
  easy_->socket = CURL_SOCKET_BAD;
  refused_by_ = 0;
  result_->headers.write_to(easy_->lines);
  if (second_try_) {
    set_option(easy_->handle.get(), CURLOPT_FRESH_CONNECT, 1L);
    easy_->spoiled = true;
  }
  started_at_ = loop_.now();
  constexpr std::int64_t day = 86'400'000;  // ms; more is none
  const std::int64_t connect = request_.options->number(CURLOPT_CONNECTTIMEOUT_MS, 0);
  if (connect < day) request_.timeouts.connect = static_cast<std::uint64_t>(connect);
  const CURLcode code = set_up(*easy_, request_, owner_->buffer_size());
  if (code != CURLE_OK) *error = curl_easy_strerror(code);
  if (!outboxes_.empty()) tell_of(Telling::read);
  return code == CURLE_OK;
}

void Transfer::end(CURLcode code, std::string message) {
  const bool waited = state_ == State::queued;
  result_->outcome.code = code;
  result_->outcome.message = std::move(message);
  state_ = State::ended;
  if (waited && !request_.held) owner_->left_queue();
  announce();
}

void Transfer::tell() {
  if (state_ == State::ended && carrier_ != nullptr) carrier_->remove(*this);
  if (unpacking_) unfold(Unpacking::time);
  apply_flow();
  while (state_ != State::done && !paused()) {
    // So that a loop which the script runs in a hook tells the rest.
    if (state_ == State::ended && telling_.is_due()) announce();
    switch (telling_.next()) {
      case Telling::response:
        request_.sink->response(*this);
        break;
      case Telling::data:
        if (intake_.size() > 0) request_.sink->data(*this);
        break;
      case Telling::read:
        ask_source();
        break;
      case Telling::progress:
        report();
        break;
      case Telling::nothing:
        if (state_ == State::ended && !is_unpacking()) tell_end();
        return;
    }
  }
}

void Transfer::tell_end() {
  if (carrier_ != nullptr) carrier_->remove(*this);
  state_ = State::done;
  unpacking_.reset();
  owner_->forget(*this);
  keep_loop_alive(false);  // before: the script may run the loop in there until nothing is left
  request_.sink->done(*this);
  if (easy_) owner_->take_back(std::move(easy_));
}

void Transfer::report() {
  telling_.report_begins(loop_.now());
  request_.sink->progress(*this);
  telling_.report_ends(loop_.now());
}

void Transfer::ask_source() {
  if (rewinding_) return;  // the script runs the loop in there: not at its first byte yet
  while (state_ == State::running && outboxes_[reading_].take_rewind()) {
    rewinding_ = true;
    request_.sink->rewind(*this, reading_);
    rewinding_ = false;
  }
  if (state_ == State::running && outboxes_[reading_].ask()) request_.sink->read(*this, reading_);
}

void Transfer::apply_flow() noexcept {
  if (state_ != State::running) return;
  work_ = 0;
  if (!flow_.apply(easy(), request_.body != BodyKind::none)) return;
  heard_at_ = loop_.now();  // `idle` does not count while it is paused
  // COMPAT libcurl < 8.1: an HTTP/2 stream can stall after it is let go (curl#11005) unless driven.
  if (carrier_ != nullptr) carrier_->kick();
}

// What is running may be sent anew, and is held then for what comes.
void Transfer::leaving() const noexcept {
  if (state_ == State::ended) flow_.let_go(easy());
}

void Transfer::abandon() noexcept {
  if (carrier_ != nullptr) carrier_->remove(*this);
  state_ = State::done;
  easy_.reset();
}

Course Transfer::course() const {
  return {
      state_ == State::running, response_in_, flow_.is_held(), added_at_, started_at_, heard_at_};
}

// `idle` counts from events that nobody tells us of (a response, the end of a pause): while a
// transfer runs, it is looked at that often, so that its true deadline is known before it comes.
std::uint64_t Transfer::next_look(std::uint64_t now) const {
  constexpr std::uint64_t reminder_interval = 10;  // ms
  std::uint64_t next = next_deadline();
  if (state_ == State::running && request_.timeouts.idle != 0)
    next = std::min(next, now + request_.timeouts.idle);
  if (may_be_forgotten()) next = std::min(next, now + reminder_interval);
  return next;
}

std::uint64_t Transfer::next_deadline() const {
  const bool is_over = state_ == State::ended && !is_unpacking();
  if (is_over || state_ == State::done) return UINT64_MAX;
  return luvcurl::next_deadline(request_.timeouts, course());
}

void Transfer::check_deadline(std::uint64_t now) {
  if (next_deadline() > now) {
    if (may_be_forgotten()) remind();
    return;
  }
  // Only now is it worth to ask how far libcurl has come.
  const bool connected =
      state_ == State::running && phase_reached(CURLE_OPERATION_TIMEDOUT) > Phase::tls;
  if (connected) request_.timeouts.connect = 0;
  if (next_deadline() <= now) {
    fail(CURLE_OPERATION_TIMEDOUT, overdue(request_.timeouts, course(), now));
  }
}

// COMPAT libcurl < 8.4: when the server of a kept FTP connection answers at once, libcurl comes to
// DOING_MORE and returns with neither a socket nor a timer to go on from (curl#12042).
bool Transfer::may_be_forgotten() const {
  return quirks().forgets_ftp && request_.url->origin->is_ftp && state_ == State::running &&
         !response_in_ && !flow_.is_held();
}

// The end of a pause has libcurl run a transfer, whatever it is at.
void Transfer::remind() noexcept {
  curl_easy_pause(easy_->handle.get(), CURLPAUSE_ALL);
  curl_easy_pause(easy_->handle.get(), CURLPAUSE_CONT);
}

}  // namespace luvcurl
