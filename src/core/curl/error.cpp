#include "core/curl/error.h"

namespace luvcurl {

const char *error_name(CURLcode code) noexcept {
  switch (static_cast<int>(code)) {
#define LUVCURL_NAME(name) \
  case CURLE_##name:       \
    return #name;
#include "curl_error_names.inc"  // written by cmake/curl_names.cmake from the headers it builds with
#undef LUVCURL_NAME
    default:
      break;
  }
  // What the loaded libcurl may give that the headers of an older one do not know.
  switch (static_cast<int>(code)) {
    case 100:
      return "TOO_LARGE";
    case 101:
      return "ECH_REQUIRED";
    default:
      return "UNKNOWN";
  }
}

}  // namespace luvcurl
