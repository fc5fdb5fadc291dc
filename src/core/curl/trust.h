#pragma once

#include <string>

#include "core/curl/easy.h"

namespace luvcurl::trust {

/// Called when a handle carries its options: has it trust the authorities that they name, or the
/// system's, and nobody else; and has their certificates read once for all connections where that
/// can be done (authorities.h). False with `*error` when what is asked for cannot be kept with the
/// loaded libcurl. Throws std::bad_alloc.
bool install(Easy &easy, std::string *error);

/// The handle's next connection goes through a proxy that libcurl chooses by the environment. Where
/// that may be an HTTPS one, libcurl has to read the certificates: it is not known any more whose a
/// connection is about to look at.
void proxy_changes(Easy &easy);

}  // namespace luvcurl::trust
