#include "core/error.h"

#include "core/info.h"

namespace luvcurl {

const char *phase_name(Phase phase) noexcept {
  switch (phase) {
    case Phase::queue:
      return "queue";
    case Phase::resolve:
      return "resolve";
    case Phase::connect:
      return "connect";
    case Phase::tls:
      return "tls";
    case Phase::send:
      return "send";
    case Phase::wait:
      return "wait";
    case Phase::body:
      return "body";
  }
  return "queue";
}

Phase phase_before_response(CURL *easy, CURLcode code, bool secure) noexcept {
  if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY)
    return Phase::resolve;
  if (info_size(easy, CURLINFO_NAMELOOKUP_TIME_T) == 0) return Phase::resolve;
  // COMPAT libcurl 7.87 and up: the time of the connect is told only when TLS is through too.
  if (info_size(easy, CURLINFO_CONNECT_TIME_T) == 0 && info_long(easy, CURLINFO_LOCAL_PORT) == 0)
    return Phase::connect;
  if (secure && info_size(easy, CURLINFO_APPCONNECT_TIME_T) == 0) return Phase::tls;
  if (info_size(easy, CURLINFO_PRETRANSFER_TIME_T) == 0) return Phase::connect;
  return code == CURLE_SEND_ERROR ? Phase::send : Phase::wait;
}

const char *error_name(CURLcode code) noexcept {
  switch (static_cast<int>(code)) {
#define LUVCURL_NAME(name) \
  case CURLE_##name:       \
    return #name;
#include "curl_error_names.inc"  // written by cmake/curl_names.cmake from the headers it builds with
#undef LUVCURL_NAME
    default:
      return "UNKNOWN";
  }
}

}  // namespace luvcurl
