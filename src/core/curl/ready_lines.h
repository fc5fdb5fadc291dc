#pragma once

#include <vector>

#include "core/curl/option.h"

namespace luvcurl {

/// Turns the options User-Agent and Accept-Encoding into header lines of HTTPHEADER, where that
/// sends the same: libcurl makes such lines anew for each request, by a slow printf of its own (an
/// eighth of all instructions of a small request). Leaves a list alone that names the header
/// itself, and every set that may speak another protocol or to a proxy. Throws std::bad_alloc.
void make_ready_lines(std::vector<Option> &options);

/// Has Accept-Encoding "" name what luvcurl can undo, which may be less than what libcurl could.
void name_codings(std::vector<Option> &options);

}  // namespace luvcurl
