#pragma once

#include <curl/curl.h>

namespace luvcurl {

// COMPAT libcurl takes an HTTP/2 stream that the server resets without an error code (RST_STREAM
// NO_ERROR: what some proxies send when their upstream breaks) for one that has ended, and what
// came for the whole body (curl#6015; 7.88 and 8.22 do, some between see it). What it
// is told of a stream's end goes by way of here: the reset of one that has not ended is an error.

/// Whether the server has refused the stream of the request that a handle was at: by RST_STREAM
/// REFUSED_STREAM, or by a GOAWAY for earlier streams. It has not acted on it then. libcurl < 8.1
/// ends such a request by CURLE_HTTP2, as it does when it may have been read.
bool was_refused(CURL *easy) noexcept;

/// A handle begins another request.
void forget_refusal(CURL *easy) noexcept;

}  // namespace luvcurl
