#include "core/transfer/resend.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/curl/info.h"
#include "core/curl/stream_resets.h"
#include "core/transfer/request.h"

namespace luvcurl::resend {

namespace {

bool begins(const std::string &line, std::string_view name) {
  return curl_strnequal(line.c_str(), name.data(), name.size()) != 0;
}

bool has_key(const OptionSet &options) {
  const Option *headers = options.find(CURLOPT_HTTPHEADER);
  return headers != nullptr &&
         std::any_of(headers->items.begin(), headers->items.end(), [](const std::string &line) {
           return begins(line, "idempotency-key:") || begins(line, "x-idempotency-key:");
         });
}

// As libcurl does it, unless an option of the user's has it keep POST.
bool becomes_get(const OptionSet &options, long status) {
  if (status == 303) return true;
  return (status == 301 || status == 302) && !options.has(CURLOPT_CUSTOMREQUEST) &&
         options.number(CURLOPT_POSTREDIR, 0) == 0;
}

}  // namespace

bool is_harmless(const Easy &easy, const Request &request) {
  if (request.resend != Resend::by_method) return request.resend == Resend::always;
  constexpr std::array<std::string_view, 6> idempotent = {"GET",    "HEAD",    "PUT",
                                                          "DELETE", "OPTIONS", "TRACE"};
  const std::string_view method = info_text(easy.handle.get(), CURLINFO_EFFECTIVE_METHOD);
  return std::find(idempotent.begin(), idempotent.end(), method) != idempotent.end() ||
         has_key(*request.options);
}

bool is_allowed(const Easy &easy, const Request &request) {
  if (is_harmless(easy, request)) return true;
  CURL *handle = easy.handle.get();
  return request.resend == Resend::by_method &&
         (info_long(handle, CURLINFO_REQUEST_SIZE) == 0 || was_refused(handle));
}

void leads_on(Easy &easy, const Request &request, long status) {
  by_libcurl(easy, is_harmless(easy, request) || (request.resend == Resend::by_method &&
                                                  becomes_get(*request.options, status)));
}

// There is no option for it, but one that stands in the way: what waits for a server's RTSP packets
// is not sent again. For HTTP it means nothing else, in no version (Curl_retry_request). A libcurl
// without RTSP has it not, and goes by its own rule, that asks for no method.
void by_libcurl(Easy &easy, bool on) noexcept {
  if (easy.resent_by_libcurl == on || easy.options->has(CURLOPT_RTSP_REQUEST)) return;
  const long value = on ? CURL_RTSPREQ_OPTIONS : CURL_RTSPREQ_RECEIVE;
  if (set_option(easy.handle.get(), CURLOPT_RTSP_REQUEST, value) == CURLE_OK)
    easy.resent_by_libcurl = on;
}

}  // namespace luvcurl::resend
