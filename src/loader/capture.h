#pragma once

#include <cstddef>

namespace luvcurl::loader {

/// Whether a library that `opened` (of dlopen) needs was loaded before it and got bound to an
/// OpenSSL of the host's: deep binding comes too late for it then, and its half of libcurl's TLS
/// would work on the other's structures. Writes what is to be said of it. To be asked before
/// anything of OpenSSL is called.
bool is_captured(void *opened, char *why, std::size_t size);

}  // namespace luvcurl::loader
