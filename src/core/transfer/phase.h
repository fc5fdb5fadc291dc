#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <string_view>

namespace luvcurl {

/// Where a transfer was: the latest of these that it had reached.
enum class Phase { queue, resolve, connect, tls, send, wait, body };

/// The phase's name as scripts see it.
const char *phase_name(Phase phase) noexcept;

/// What libcurl has counted: bytes of requests, and µs. It adds up over redirects and challenges,
/// so that the steps of the request under way are those that have grown since the one before it was
/// answered.
struct Steps {
  std::int64_t resolve = 0, tls = 0, send = 0, redirect = 0;
  long sent = 0;
};
Steps steps_of(CURL *easy) noexcept;

/// The request whose phase is asked for. What luvcurl has seen itself comes first: which steps
/// libcurl has times for, above all after a failure, differs from version to version.
struct Leg {
  Steps before;  ///< when it began
  std::string_view url;
  bool has_proxy = false;
  bool opened = false;   ///< a connection, for this request
  bool reached = false;  ///< its other end
};

/// The phase of a transfer whose response has not come.
Phase phase_before_response(CURL *easy, CURLcode code, const Leg &leg) noexcept;

}  // namespace luvcurl
