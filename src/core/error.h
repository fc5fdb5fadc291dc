#pragma once

#include <curl/curl.h>

#include <string>

namespace luvcurl {

/// Where a transfer was: the latest of these that it had reached.
enum class Phase { queue, resolve, connect, tls, send, wait, body };

/// The phase's name as scripts see it.
const char *phase_name(Phase phase) noexcept;

/// The phase of a transfer whose response has not come, by what libcurl has timed so far.
Phase phase_before_response(CURL *easy, CURLcode code, bool secure) noexcept;

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
