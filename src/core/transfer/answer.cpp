// Whether an answer is the request's own, and whether there was one at all.

#include <string_view>

#include "core/transfer/transfer.h"

namespace luvcurl {

// A response that libcurl goes on from (a redirect it follows, a challenge it answers, a trial of
// its own) is not the last. Where that cannot be known from the status, the first byte of body or
// the end tells: libcurl keeps the bodies of those to itself.
bool Transfer::is_final_response() const {
  const long status = result_->headers.status();
  if (status < 200) return false;
  if (status == 401 || status == 407 || status == 417) return false;
  if (status < 300) return !may_be_trial();
  if (status >= 400) return true;
  return result_->headers.locations().empty() ||
         request_.options->number(CURLOPT_FOLLOWLOCATION, 0) == 0;
}

// Where it may be challenged, libcurl asks without the body at first, and sends the request itself
// after an answer below 300, too.
bool Transfer::may_be_trial() const {
  const OptionSet &options = *request_.options;
  if (request_.body == BodyKind::none && !options.has(CURLOPT_POST) && !options.uploads())
    return false;
  return options.answers_challenges() &&
         info_size(easy_->handle.get(), CURLINFO_SIZE_UPLOAD_T) == 0;
}

// libcurl takes the end of a connection for that of a body, also where no answer has begun: after a
// part of the status line, after 1xx, after the answer that has led to this request.
bool Transfer::is_unanswered() const {
  if (response_in_) return false;
  CURL *handle = easy_->handle.get();
  const std::string_view scheme = info_text(handle, CURLINFO_SCHEME);
  if (curl_strnequal(scheme.data(), "http", 4) == 0) return false;
  const long status = result_->headers.status();
  constexpr long switching = 101;
  if (status == 0) return request_.options->number(CURLOPT_CONNECT_ONLY, 0) == 0;
  if (status < 200) return status != switching || !says_upgrade();
  return before_.sent != 0 && steps_of(handle).redirect != before_.redirect;
}

}  // namespace luvcurl
