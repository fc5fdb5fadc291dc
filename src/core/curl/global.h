#pragma once

namespace luvcurl {

/// Initialises libcurl once in the process, from whichever thread is first; never undone, since
/// another state or the host may use libcurl still. Returns an error text, or nullptr.
const char *global_init() noexcept;

}  // namespace luvcurl
