#pragma once

#include <curl/curl.h>

#include <string>

#include "core/curl/phase.h"

namespace luvcurl {

/// libcurl's symbol for a code without its prefix ("OPERATION_TIMEDOUT"), or "UNKNOWN" for a code
/// that is newer than the headers luvcurl was built with.
const char *error_name(CURLcode code) noexcept;

/// What a transfer came to.
struct Outcome {
  CURLcode code = CURLE_OK;
  Phase phase = Phase::queue;
  std::string message;  ///< empty when code is CURLE_OK
};

}  // namespace luvcurl
