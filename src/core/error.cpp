#include "core/error.h"

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
