// The half of Transfer that libcurl's callbacks call: it fills buffers and notes what is due.

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/curl/stale_header.h"
#include "core/transfer/redirect.h"
#include "core/transfer/transfer.h"

namespace luvcurl {

namespace {

// What libcurl may give us of a body in one go, in bytes; a call costs as much as that many.
constexpr std::size_t slice = 256 * 1024;
constexpr std::size_t call_cost = 512;

// A body that is collected without a max_body may unfold to any size while it is at most this many
// times what was sent (texts and logs are 5 to 30 times), or is at most this large.
constexpr std::uint64_t usual_ratio = 100;
constexpr std::uint64_t harmless = 64 * 1024 * 1024;

}  // namespace

std::size_t Transfer::on_write(const char *bytes, std::size_t size) {
  if (state_ != State::running) return 0;
  response_is_in();
  if (request_.timeouts.idle != 0) heard_at_ = loop_.now();
  // Before it is held back: what libcurl decompresses while it is paused piles up inside it.
  if (request_.max_body != 0 && intake_.received() + size > request_.max_body) {
    fail(CURLE_FILESIZE_EXCEEDED,
         "the body is larger than max_body (" + std::to_string(request_.max_body) + " bytes)");
    return 0;
  }
  if (intake_.received() + size > harmless && unfolds()) {
    fail(CURLE_FILESIZE_EXCEEDED,
         "the body unfolds to more than 64 MiB and 100 times what was sent; max_body allows more");
    return 0;
  }
  if (request_.streaming) {
    if (!take_in(bytes, size)) return CURL_WRITEFUNC_PAUSE;
  } else {
    intake_.collect(bytes, size, [this] {
      return info_size(easy_->handle.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T);
    });
  }
  work_ += size + call_cost;
  if (work_ >= slice) let_others_work();
  return size;
}

// libcurl reads for as long as the server keeps up with it, and would hold the loop until then: the
// rest comes in the next turn.
void Transfer::let_others_work() {
  work_ = 0;
  if (!may_hold()) return;
  flow_.hold(easy());
  announce();
}

// From within on_write. HTTP/1 only: in HTTP/2 a hold costs messages, and file:// cannot be held.
bool Transfer::may_hold() const {
  if (flow_.is_held() || may_explode()) return false;
  const long version = info_long(easy_->handle.get(), CURLINFO_HTTP_VERSION);
  return version == CURL_HTTP_VERSION_1_0 || version == CURL_HTTP_VERSION_1_1;
}

// Returns whether the bytes are taken, or libcurl is to hold them.
bool Transfer::take_in(const char *bytes, std::size_t size) {
  const bool full = intake_.size() >= request_.high_water;
  if (full) flow_.block(Flow::down);
  if (full || flow_.is_paused()) {
    if (!may_explode()) {
      flow_.refuse(Flow::down);
      return false;
    }
    announce();  // is held back after what libcurl has read already
  }
  if (!intake_.append(bytes, size)) return true;
  tell_of(Telling::data);
  if (intake_.size() >= piece_size) tell_first();
  return true;
}

// libcurl reads for as long as the server keeps up with it: by the time the sink is told, the first
// of that has left the processor's caches. So it is held until then; apply_flow lets it go on. Both
// ways, for the reason given there.
void Transfer::tell_first() {
  if (!may_hold()) return;
  // Let go only to be refused, it would copy what it has read by then. What may have been the last
  // of the body is let go: nobody needs to read it for the transfer to end.
  if (intake_.size() >= request_.high_water && more_is_to_come()) flow_.block(Flow::down);
  flow_.hold(easy());
}

// By what the server has announced, which cannot be compared with what libcurl decompresses.
bool Transfer::more_is_to_come() const {
  if (request_.may_decompress()) return false;
  return info_size(easy_->handle.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T) >
         static_cast<std::int64_t>(intake_.received());
}

// A paused libcurl decompresses what it has read, a thousand times as much at the worst, and keeps
// it to itself: max_body can be looked after only where it comes out.
bool Transfer::may_explode() const {
  return unfolds() || (request_.max_body != 0 && request_.may_decompress());
}

// Whether the body, collected without a limit of the script's, is far larger than what was sent.
bool Transfer::unfolds() const {
  if (request_.streaming || request_.max_body != 0 || !request_.may_decompress()) return false;
  if (!request_.url->origin->is_http) return false;  // file:// is not counted while it is read
  const std::int64_t sent = info_size(easy_->handle.get(), CURLINFO_SIZE_DOWNLOAD_T);
  return intake_.received() / usual_ratio >
         static_cast<std::uint64_t>(std::max<std::int64_t>(sent, 0));
}

bool Transfer::on_header(std::string_view line) {
  loop_.interest().responded();
  if (state_ != State::running) return false;
  const long status_before = result_->headers.status();
  const Option *aliases = request_.options->find(CURLOPT_HTTP200ALIASES);
  const Headers::Line kind =
      result_->headers.line(line, aliases != nullptr ? &aliases->items : nullptr);
  stale_header::line(*easy_, kind);
  if (!is_acceptable(kind, line, status_before)) return false;
  if (kind != Headers::Line::end || response_in_) return true;
  // libcurl sends no more of the body, but would wait until a source that it had to wait for has
  // something again.
  if (result_->headers.status() >= 300 && flow_.unblock(Flow::up)) announce();
  if (result_->headers.status() == 417) redirect::drop_expectation(*easy_);
  if (is_final_response()) {
    response_is_in();
    return true;
  }
  if (result_->headers.status() >= 200) {
    before_ = steps_of(easy_->handle.get());
    resend::leads_on(*easy_, request_, result_->headers.status());
    easy_->socket = CURL_SOCKET_BAD;
  }
  if (result_->headers.status() >= 300 && result_->headers.status() < 400) {
    const std::string from = current_url();
    redirect::prepare(*easy_, result_->headers.status(), from, result_->headers);
    result_->headers.redirected(from);
  }
  return true;
}

// Ends the transfer at what no server may say.
bool Transfer::is_acceptable(Headers::Line kind, std::string_view line, long status_before) {
  const Headers &headers = result_->headers;
  constexpr long switching = 101;
  if (kind == Headers::Line::status && !is_agreed_on(line, status_before)) {
    carrier_->distrust();
    fail(CURLE_WEIRD_SERVER_REPLY,
         "the server answers by a version of HTTP that was not agreed on");
  } else if (kind == Headers::Line::status && headers.status() == switching && !asked_to_switch()) {
    fail(CURLE_WEIRD_SERVER_REPLY, "the server switches protocols (101), which nobody asked for");
  } else if (headers.length_is_unclear() &&
             request_.options->number(CURLOPT_IGNORE_CONTENT_LENGTH, 0) == 0) {
    fail(CURLE_WEIRD_SERVER_REPLY,
         "the response has two different Content-Length headers, or one that is no plain number");
  } else if (headers.excessive()) {
    fail(CURLE_RECV_ERROR,
         "the headers are larger than " + std::to_string(Headers::most) + " bytes");
  } else {
    return true;
  }
  return false;
}

std::size_t Transfer::on_read(std::size_t stream, char *out, std::size_t size) {
  if (state_ != State::running) return CURL_READFUNC_ABORT;
  if (stream >= outboxes_.size()) return read_bytes(out, size);
  Outbox &outbox = outboxes_[stream];
  reading_ = stream;
  const std::size_t count = outbox.read(out, size);
  if (outbox.low()) tell_of(Telling::read);
  if (count > 0 || outbox.finished()) return count;
  flow_.block(Flow::up);
  flow_.refuse(Flow::up);
  return CURL_READFUNC_PAUSE;
}

// An option of the user's (upload, put, post) has libcurl ask for a body that it was given as a
// string, or that there is none of.
std::size_t Transfer::read_bytes(char *out, std::size_t size) {
  const std::size_t count = request_.bytes.copy(out, size, bytes_read_);
  bytes_read_ += count;
  return count;
}

bool Transfer::on_seek(std::size_t stream, std::int64_t offset) {
  if (stream >= outboxes_.size()) {
    if (offset < 0 || static_cast<std::uint64_t>(offset) > request_.bytes.size()) return false;
    bytes_read_ = static_cast<std::size_t>(offset);
    return true;
  }
  if (offset != 0) return false;
  if (!outboxes_[stream].touched()) return true;
  if (!request_.rewindable) return false;
  outboxes_[stream].restart();
  reading_ = stream;
  tell_of(Telling::read);
  return true;
}

void Transfer::on_progress(const Progress &progress) {
  if (telling_.counted(progress, loop_.now())) tell_of(Telling::progress);
}

void Transfer::on_socket(curl_socket_t fd, int error) {
  refused_by_ = error;
  if (fd != CURL_SOCKET_BAD) loop_.interest().opened(fd);
}

void Transfer::out_of_memory() noexcept {
  if (state_ == State::running) result_->outcome.code = CURLE_OUT_OF_MEMORY;
}

void Transfer::response_is_in() {
  if (response_in_) return;
  response_in_ = true;
  result_->headers.body_began();
  Origin &origin = *request_.url->origin;
  if (origin.secure && origin.http_version == 0 && result_->headers.hops().empty())
    origin.http_version = info_long(easy_->handle.get(), CURLINFO_HTTP_VERSION);
  if (request_.wants_response) result_->headers.collect(easy_->handle.get());
  if (request_.timeouts.idle != 0) heard_at_ = loop_.now();
  if (request_.wants_response) tell_of(Telling::response);
}

}  // namespace luvcurl
