#pragma once

#include <string>

namespace luvcurl {

/// An international host name, in UTF-8, as the ASCII that goes over the wire; empty when it is
/// none or libidn2 is not there. libcurl does it by itself, but takes the name to be in the locale
/// of the process, which hosts like LuaJIT never set.
std::string to_ascii_host(const std::string &host);

/// The same, as libcurl asks libidn2 for it.
int look_up_host(const char *host, char **ascii, int flags) noexcept;

}  // namespace luvcurl
