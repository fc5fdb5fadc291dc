#pragma once

#include <string>

#include "core/curl/easy.h"

namespace luvcurl::trust {

/// Called when a handle carries its options: has it trust the authorities that they name, or the
/// system's, and nobody else; and has their certificates read once for all connections where that
/// can be done (authorities.h). False with `*error` when what is asked for cannot be kept with the
/// loaded libcurl. Throws std::bad_alloc.
bool install(Easy &easy, std::string *error);

}  // namespace luvcurl::trust
