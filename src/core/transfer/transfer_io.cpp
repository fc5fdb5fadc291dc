// The part of Transfer that libcurl's callbacks call: it fills buffers and notes what is due. Where
// a response's body goes is in transfer_body.cpp.

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/curl/stale_header.h"
#include "core/transfer/redirect.h"
#include "core/transfer/transfer.h"

namespace luvcurl {

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
  } else if (kind == Headers::Line::end && headers.is_coded() && headers.codings().too_many()) {
    fail(CURLE_BAD_CONTENT_ENCODING, "the body has more codings than " +
                                         std::to_string(decode::most_codings) +
                                         ", which are all that are undone");
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
  if (offset < 0) return false;
  Outbox &outbox = outboxes_[stream];
  if (outbox.touched()) {
    if (!request_.rewindable) return false;
    outbox.restart();
    reading_ = stream;
    tell_of(Telling::read);
  }
  // Where an upload is resumed.
  if (offset > 0) outbox.skip(static_cast<std::uint64_t>(offset));
  return true;
}

// libcurl counts the sizes of the chunks, too.
void Transfer::on_progress(const Progress &progress) {
  Progress counts = progress;
  if (request_.body == BodyKind::stream && !outboxes_.empty())
    counts.up = std::min(counts.up, static_cast<std::int64_t>(outboxes_.front().given()));
  if (telling_.counted(counts, loop_.now())) tell_of(Telling::progress);
}

void Transfer::on_socket(curl_socket_t fd, int error) {
  refused_by_ = error;
  if (fd != CURL_SOCKET_BAD) loop_.interest().opened(fd);
}

void Transfer::on_goodbye() noexcept {
  if (carrier_ != nullptr) carrier_->hang_up(*this);
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
  if (result_->headers.is_coded()) begin_unpacking();
  if (request_.wants_response) result_->headers.collect(easy_->handle.get());
  if (request_.timeouts.idle != 0) heard_at_ = loop_.now();
  if (request_.wants_response) tell_of(Telling::response);
}

}  // namespace luvcurl
