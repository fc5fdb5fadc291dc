#include <cstdint>

#include "core/loop/descriptors.h"

namespace luvcurl {

// Sockets are no numbers of which a process has few there.
std::size_t Descriptors::share() noexcept { return SIZE_MAX; }

int Descriptors::refused() noexcept { return 0; }

}  // namespace luvcurl
