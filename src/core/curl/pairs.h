#pragma once

namespace luvcurl {

/// Whether a descriptor is an end of a nameless pair of this process, as socketpair() makes them.
bool is_of_pair(int fd) noexcept;

/// Keeps a descriptor that libcurl has opened by itself from being inherited by children; if it is
/// an end of a pair, the other one, too.
void keep_from_children(int fd) noexcept;

}  // namespace luvcurl
