#pragma once

#include <cstddef>

namespace luvcurl::loader {

/// Writes the path of the file beside the one that `function` is in; false when that cannot be
/// told, or does not fit.
bool path_of_sibling(const void *function, char *path, std::size_t size) noexcept;

/// Opens a library bound to its own libraries first, where the system can do that; nullptr with the
/// reason in `why`. It is never closed, since libuv calls back into the module when the Lua state,
/// and with it this file, is gone.
void *open_for_good(const char *path, char *why, std::size_t size) noexcept;

/// A function of such a library; nullptr when it has none.
void *function_of(void *library, const char *name) noexcept;

/// Whether the process has a function of this name.
bool has_function(const char *name) noexcept;

}  // namespace luvcurl::loader
