// The part of Transfer that ends it when libcurl is through with it: whether it is tried once more,
// which error it is, and in what words.

#include <cstdlib>
#include <string>

#include "core/curl/discreet.h"
#include "core/curl/os_error.h"
#include "core/loop/descriptors.h"
#include "core/transfer/transfer.h"

namespace luvcurl {

namespace {

constexpr auto too_large = static_cast<CURLcode>(100);  // CURLE_TOO_LARGE, of libcurl 8.6

}  // namespace

void Transfer::finish(CURLcode code) noexcept {
  if (state_ != State::running) return;  // ended by us while libcurl worked on it
  try {
    if (met_dead_connection(code) && resend::is_allowed(*easy_, request_)) {
      if (can_start_again()) return start_again();
      code = CURLE_SEND_FAIL_REWIND;
    }
    result_->outcome.os_error = os_error(code);
    if (may_get_descriptor()) return start_over();
    end_by(code);
  } catch (const std::bad_alloc &) {
    end(CURLE_OUT_OF_MEMORY, {});
  }
}

// What libcurl calls an address that cannot be reached, a name that cannot be found, or a file that
// cannot be read, may be want of a descriptor; then there is none now, either.
int Transfer::os_error(CURLcode code) const {
  switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_FTP_PORT_FAILED:
    case CURLE_FTP_CANT_GET_HOST:
      if (shortage_name(refused_by_) != nullptr) return refused_by_;
      return static_cast<int>(info_long(easy_->handle.get(), CURLINFO_OS_ERRNO));
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_FILE_COULDNT_READ_FILE:
    case CURLE_FAILED_INIT:
      return Descriptors::refused();
    default:
      return 0;
  }
}

// Not where something has been sent: that is what second tries are for.
bool Transfer::may_get_descriptor() {
  constexpr std::uint64_t patience = 30'000;  // ms
  if (shortage_name(result_->outcome.os_error) == nullptr) return false;
  if (result_->headers.status() != 0 || !can_start_again()) return false;
  if (refused_at_ == 0) refused_at_ = loop_.now();
  const std::uint64_t connect = request_.timeouts.connect;
  if (loop_.now() - refused_at_ > (connect != 0 ? connect : patience)) return false;
  return owner_->was_refused(*this);
}

// COMPAT libcurl < 8.6: a line of the headers beyond 100 kB is want of memory to it. There is some.
bool Transfer::is_line_too_long() const {
  constexpr std::size_t plenty = 1024 * 1024;
  if (response_in_ || phase_reached(CURLE_OUT_OF_MEMORY) != Phase::wait) return false;
  void *volatile memory = std::malloc(plenty);  // asked for, whatever a compiler thinks
  const bool has_memory = memory != nullptr;
  std::free(memory);
  return has_memory;
}

// What libcurl takes for a good end, or has another word for: puts the right code in its place, and
// returns the words for it; nullptr where libcurl is right.
const char *Transfer::what_was_missed(CURLcode *code) const {
  const bool in_headers = result_->headers.in_block();
  // It takes headers that are cut off for all of them, if none has told of a body.
  if (*code == CURLE_OK && !response_in_ && in_headers) {
    *code = CURLE_PARTIAL_FILE;
    return "the connection was closed in the middle of the headers";
  }
  if (*code == CURLE_OK && is_unanswered()) {
    *code = CURLE_GOT_NOTHING;
    return "the connection was closed before the answer to the request";
  }
  if (*code == CURLE_BAD_FUNCTION_ARGUMENT && in_headers) {
    *code = CURLE_WEIRD_SERVER_REPLY;
    return "the headers begin with a line that goes on with the one before";
  }
  return nullptr;
}

// Which error it is, and its words.
void Transfer::end_by(CURLcode code) {
  CURL *handle = easy_->handle.get();
  const bool lost = met_dead_connection(code);
  if (code == CURLE_OUT_OF_MEMORY && is_line_too_long()) code = too_large;
  if (result_->outcome.code != CURLE_OK) code = result_->outcome.code;
  const char *const why = what_was_missed(&code);
  if (!response_in_ && result_->headers.status() != 0 && code == CURLE_OK) response_is_in();
  result_->headers.collect(handle);
  if (code == CURLE_OK) telling_.note_last_counts();
  result_->outcome.phase = phase_reached(code);
  take_summary(code);
  if (code != CURLE_OK || leaves_traces()) easy_->spoiled = true;
  // What libcurl says of a callback without memory is what that did to the transfer.
  const bool own_words = easy_->message[0] != '\0' && code != CURLE_OUT_OF_MEMORY;
  std::string words = own_words ? easy_->message.data() : curl_easy_strerror(code);
  if (code == too_large && result_->outcome.phase == Phase::wait)
    words = "a line of the headers is longer than 100 kB";
  if (lost)
    words += " (a kept connection was lost; sent again, it might be acted upon twice: see resend)";
  if (why != nullptr) words = why;
  if (code == CURLE_SEND_FAIL_REWIND && !outboxes_.empty() && !request_.rewindable)
    words =
        "the body has to be sent anew (a redirect, a challenge or a lost connection), "
        "and its source cannot start again";
  if (result_->outcome.os_error != 0)
    words = std::string(os_error_text(result_->outcome.os_error)) + " (" + words + ")";
  end(code, code == CURLE_OK ? std::string() : discreet(words));
}

}  // namespace luvcurl
