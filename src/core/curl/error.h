#pragma once

#include <curl/curl.h>

namespace luvcurl {

/// libcurl's symbol for a code without its prefix ("OPERATION_TIMEDOUT"), or "UNKNOWN" for a code
/// that is newer than the headers luvcurl was built with.
const char *error_name(CURLcode code) noexcept;

}  // namespace luvcurl
