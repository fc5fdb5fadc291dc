#include "core/transfer.h"

#include <algorithm>

#include "core/callbacks.h"
#include "core/lane.h"
#include "core/loop.h"
#include "core/multi.h"
#include "core/redirect.h"

namespace luvcurl {

namespace {

constexpr std::uint64_t report_interval = 100;  // ms

}  // namespace

Transfer::Transfer(std::shared_ptr<Multi> multi, Request request)
    : multi_(std::move(multi)), request_(std::move(request)), added_at_(multi_->loop().now()) {
  outboxes_.resize(request_.form ? request_.form->streams : request_.body == BodyKind::stream ? 1 : 0);
}

// --- what the consumer asks for ---

bool Transfer::cancel() {
  if (is_settled()) return false;
  due_ = 0;  // who cancels wants to hear of nothing but the end
  fail(CURLE_ABORTED_BY_CALLBACK, "the transfer was cancelled");
  return true;
}

// What libcurl has completed is under way until its sink was told: an error in response or data counts.
bool Transfer::is_settled() const {
  return state_ == State::done || (state_ == State::ended && outcome_.code != CURLE_OK);
}

void Transfer::fail(CURLcode code, std::string message) {
  if (is_settled()) return;
  outcome_.phase = phase_reached(code);
  take_summary();
  end(code, std::move(message));
}

void Transfer::pause() {
  if (paused_by_user_ || state_ == State::done) return;
  paused_by_user_ = true;
  multi_->loop().adjust(*this);
}

void Transfer::resume() {
  if (!paused_by_user_) return;
  paused_by_user_ = false;
  multi_->loop().adjust(*this);
  notify(0);
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
  multi_->loop().adjust(*this);
}

void Transfer::feed(std::size_t stream, std::string_view bytes) {
  if (state_ == State::ended || state_ == State::done || stream >= outboxes_.size()) return;
  outboxes_[stream].append(bytes.data(), bytes.size());
  if (stream != reading_) return;
  if ((full_ & hold_up) != 0) {
    full_ &= ~static_cast<unsigned>(hold_up);
    multi_->loop().adjust(*this);
  }
  notify(due_read);
}

void Transfer::finish_feed(std::size_t stream) {
  if (stream < outboxes_.size()) outboxes_[stream].finish();
  feed(stream, {});
}

// --- what libcurl reports ---

std::size_t Transfer::on_write(const char *bytes, std::size_t size) {
  if (state_ != State::running) return 0;
  response_is_in();
  heard_at_ = multi_->loop().now();
  const bool full = request_.streaming && inbox_.size() >= request_.high_water;
  if (full || (request_.streaming && paused_by_user_)) {
    if (full) full_ |= hold_down;
    held_ |= hold_down;
    return CURL_WRITEFUNC_PAUSE;
  }
  received_ += size;
  if (request_.max_body != 0 && received_ > request_.max_body) {
    fail(CURLE_FILESIZE_EXCEEDED,
         "the body is larger than max_body (" + std::to_string(request_.max_body) + " bytes)");
    return 0;
  }
  if (request_.streaming) {
    inbox_.append(bytes, size);
    notify(due_data);
  } else {
    if (body_.empty()) reserve_body(size);
    body_.append(bytes, size);
  }
  return size;
}

void Transfer::reserve_body(std::size_t at_least) {
  // A server may announce any Content-Length: trust it for the allocation up to this much.
  constexpr std::int64_t trusted = 16 * 1024 * 1024;
  const std::int64_t announced = info_size(easy_->handle.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T);
  body_.reserve(std::max(at_least, static_cast<std::size_t>(std::clamp<std::int64_t>(announced, 0, trusted))));
}

bool Transfer::on_header(std::string_view line) {
  multi_->loop().interest().responded();
  if (state_ != State::running) return false;
  if (headers_.line(line) != Headers::Line::end || response_in_) return true;
  if (is_final_response()) {
    response_is_in();
  } else if (headers_.status() >= 300 && headers_.status() < 400) {
    const std::string from = current_url();
    redirect::prepare(*easy_, headers_.status(), from, headers_.location());
    headers_.redirected(from);
  }
  return true;
}

std::size_t Transfer::on_read(std::size_t stream, char *out, std::size_t size) {
  if (state_ != State::running) return CURL_READFUNC_ABORT;
  Outbox &outbox = outboxes_[stream];
  reading_ = stream;
  const std::size_t count = outbox.read(out, size);
  if (outbox.low()) notify(due_read);
  if (count > 0 || outbox.finished()) return count;
  full_ |= hold_up;
  held_ |= hold_up;
  return CURL_READFUNC_PAUSE;
}

bool Transfer::on_seek(std::size_t stream, std::int64_t offset) {
  if (offset != 0) return false;
  if (!outboxes_[stream].touched()) return true;
  if (!request_.rewindable) return false;
  outboxes_[stream].restart();
  reading_ = stream;
  notify(due_rewind | due_read);
  return true;
}

void Transfer::on_progress(const Progress &progress) {
  const std::uint64_t now = multi_->loop().now();
  const bool moved = progress.down != progress_.down || progress.up != progress_.up;
  if (!moved) return;
  progress_ = progress;
  if (now - reported_at_ < report_interval && reported_at_ != 0) return;
  reported_at_ = now;
  notify(due_progress);
}

void Transfer::out_of_memory() noexcept {
  if (state_ == State::running) outcome_.code = CURLE_OUT_OF_MEMORY;
}

// A response that libcurl goes on from (a redirect it follows, a challenge it answers) is not the last.
// Where that cannot be known from the status, the first byte of body or the end tells: libcurl keeps
// the bodies of those to itself.
bool Transfer::is_final_response() const {
  const long status = headers_.status();
  if (status < 200) return false;
  if (status == 401 || status == 407) return false;
  if (status < 300 || status >= 400) return true;
  return headers_.location().empty() || request_.options->number(CURLOPT_FOLLOWLOCATION, 0) == 0;
}

void Transfer::response_is_in() {
  if (response_in_) return;
  response_in_ = true;
  headers_.body_began();
  if (request_.wants_response) headers_.collect(easy_->handle.get());
  heard_at_ = multi_->loop().now();
  if (request_.wants_response) notify(due_response);
}

// --- its life ---

void Transfer::notify(unsigned due) {
  due_ |= due;
  multi_->loop().announce(*this);
}

CURLcode Transfer::set_body() {
  CURL *handle = easy_->handle.get();
  if (request_.body == BodyKind::bytes) {
    const CURLcode code =
        set_option(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.bytes.size()));
    return code != CURLE_OK ? code : set_option(handle, CURLOPT_POSTFIELDS, request_.bytes.data());
  }
  if (request_.body == BodyKind::none) return CURLE_OK;
  if (request_.body == BodyKind::form) {
    easy_->spoiled = true;  // the form is made for this handle and this request
    const CURLcode code = build_form(*easy_, *request_.form, &easy_->form);
    return code != CURLE_OK ? code : set_option(handle, CURLOPT_MIMEPOST, easy_->form.mime.get());
  }
  if (request_.options->has(CURLOPT_POST))
    return set_option(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.upload_size));
  const CURLcode code = set_option(handle, CURLOPT_UPLOAD, 1L);
  return code != CURLE_OK
             ? code
             : set_option(handle, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request_.upload_size));
}

bool Transfer::start(std::string *error) {
  easy_ = multi_->pool().acquire(request_.options, request_.body, error);
  if (!easy_) return false;
  CURL *handle = easy_->handle.get();
  easy_->transfer = this;
  easy_->message[0] = '\0';
  easy_->url = request_.url;
  CURLcode code = set_option(handle, CURLOPT_CURLU, request_.url->handle.get());
  if (code == CURLE_OK) code = set_body();
  if (code == CURLE_OK && easy_->buffer_size != multi_->buffer_size() &&
      !request_.options->has(CURLOPT_BUFFERSIZE)) {
    easy_->buffer_size = multi_->buffer_size();
    code = set_option(handle, CURLOPT_BUFFERSIZE, easy_->buffer_size);
  }
  const Origin &origin = *request_.url->origin;
  const bool may_multiplex = origin.secure && (origin.http_version == 0 || origin.http_version >= CURL_HTTP_VERSION_2_0);
  if (code == CURLE_OK && easy_->waits_for_pipe != may_multiplex && !request_.options->has(CURLOPT_PIPEWAIT)) {
    // Only there: a request that waits for a connection to show that it multiplexes waits in vain with
    // HTTP/1, and for ever if that connection waits for the request.
    easy_->waits_for_pipe = may_multiplex;
    code = set_option(handle, CURLOPT_PIPEWAIT, may_multiplex ? 1L : 0L);
  }
  callbacks::report_progress(*easy_, request_.wants_progress);
  if (code != CURLE_OK) *error = curl_easy_strerror(code);
  if (!outboxes_.empty()) notify(due_read);
  started_at_ = multi_->loop().now();
  state_ = State::running;
  return code == CURLE_OK;
}

void Transfer::finish(CURLcode code) noexcept {
  if (state_ != State::running) return;  // ended by us while libcurl worked on it
  CURL *handle = easy_->handle.get();
  try {
    if (outcome_.code != CURLE_OK) code = outcome_.code;
    if (!response_in_ && headers_.status() != 0 && code == CURLE_OK) response_is_in();
    headers_.collect(handle);
    take_summary();
    outcome_.phase = phase_reached(code);
    const char *message = easy_->message[0] != '\0' ? easy_->message.data() : curl_easy_strerror(code);
    if (code == CURLE_SEND_FAIL_REWIND && !outboxes_.empty() && !request_.rewindable)
      message = "the body has to be sent anew (a redirect, a challenge or a lost connection), "
                "and its source cannot start again";
    end(code, code == CURLE_OK ? "" : message);
  } catch (const std::bad_alloc &) {
    end(CURLE_OUT_OF_MEMORY, {});
  }
}

void Transfer::take_summary() {
  const std::uint64_t now = multi_->loop().now();
  if (easy_) summary_ = summarize(easy_->handle.get(), !headers_.hops().empty());
  Timings &timings = summary_.timings;
  timings.queue = static_cast<std::int64_t>((easy_ ? started_at_ : now) - added_at_) * 1000;
  // libcurl counts up to its last look at the transfer, which is long ago for one that stalled.
  if (easy_) timings.total = std::max(timings.total, static_cast<std::int64_t>(now - started_at_) * 1000);
}

void Transfer::end(CURLcode code, std::string message) {
  outcome_.code = code;
  outcome_.message = std::move(message);
  state_ = State::ended;
  notify(0);
}

void Transfer::deliver() noexcept {
  const auto self = shared_from_this();
  if (state_ == State::ended && lane_ != nullptr) lane_->remove(*this);
  while (state_ != State::done) {
    if (paused_by_user_ && !(state_ == State::ended && outcome_.code != CURLE_OK)) return;
    const auto take_due = [this](unsigned due) {
      const bool is = (due_ & due) != 0;
      due_ &= ~due;
      return is;
    };
    if (take_due(due_response)) {
      request_.sink->response(*this);
    } else if (take_due(due_data)) {
      if (!inbox_.empty()) request_.sink->data(*this);
    } else if (take_due(due_rewind)) {
      request_.sink->rewind(*this, reading_);
    } else if (take_due(due_read)) {
      if (state_ == State::running && outboxes_[reading_].ask()) request_.sink->read(*this, reading_);
    } else if (take_due(due_progress)) {
      if (state_ == State::running) request_.sink->progress(*this);
    } else if (state_ == State::ended) {
      if (lane_ != nullptr) lane_->remove(*this);
      state_ = State::done;
      multi_->forget(*this);
      request_.sink->done(*this);
      if (easy_) multi_->pool().release(std::move(easy_));
      keep_loop_alive(false);
      return;
    } else {
      return;
    }
  }
}

void Transfer::apply_flow() noexcept {
  if (state_ != State::running) return;
  const unsigned wanted = full_ | (paused_by_user_ ? hold_down | hold_up : hold_none);
  if (wanted == held_) return;
  const bool releases = (held_ & ~wanted) != 0;
  held_ = wanted;  // before the call: libcurl may call on_write and on_read within it
  curl_easy_pause(easy_->handle.get(), ((wanted & hold_down) != 0 ? CURLPAUSE_RECV : 0) |
                                           ((wanted & hold_up) != 0 ? CURLPAUSE_SEND : 0));
  // COMPAT libcurl < 8.1: an HTTP/2 stream can stall after it is let go (curl#11005) unless driven.
  if (releases && lane_ != nullptr) lane_->kick();
}

Phase Transfer::phase_reached(CURLcode code) const {
  if (!easy_ || state_ == State::queued) return Phase::queue;
  if (response_in_) return Phase::body;
  const Phase phase = phase_before_response(easy_->handle.get(), code, request_.url->origin->secure);
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

// libcurl's EFFECTIVE_URL is that of the handle's transfer before, until a redirect is followed.
std::string Transfer::current_url() const {
  if (!headers_.hops().empty())
    return state_ == State::running ? info_text(easy_->handle.get(), CURLINFO_EFFECTIVE_URL) : summary_.url;
  char *text = nullptr;
  if (curl_url_get(request_.url->handle.get(), CURLUPART_URL, &text, 0) != CURLUE_OK) return {};
  const CurlString owned(text);
  return owned.get();
}

Course Transfer::course() const {
  return {state_ == State::running, response_in_, held_ != hold_none, added_at_, started_at_, heard_at_};
}

std::uint64_t Transfer::next_deadline() const {
  if (state_ == State::ended || state_ == State::done) return UINT64_MAX;
  return luvcurl::next_deadline(request_.timeouts, course());
}

void Transfer::check_deadline(std::uint64_t now) {
  if (next_deadline() <= now) fail(CURLE_OPERATION_TIMEDOUT, overdue(request_.timeouts, course(), now));
}

}  // namespace luvcurl
