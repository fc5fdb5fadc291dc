#pragma once

namespace luvcurl {

/// COMPAT libcurl takes an HTTP/2 stream that the server resets without an error code (RST_STREAM
/// NO_ERROR: what some proxies send when their upstream breaks) for one that has ended, and what
/// came for the whole body (curl#6015; 7.88 and 8.22 do, some between see it). What it
/// is told of a stream's end goes by way of here: the reset of one that has not ended is an error.
///
/// To be called once, so that the linker keeps it.
void watch_stream_resets() noexcept;

}  // namespace luvcurl
