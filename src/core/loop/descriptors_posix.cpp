#include "core/loop/descriptors.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

namespace luvcurl {

// Three quarters, besides what any process has open. The rest is the script's, and what libcurl
// needs for a moment: look-ups of names, the CURLMs' wake-up pairs.
std::size_t Descriptors::share() noexcept {
  constexpr rlim_t usual = 32, least = 4;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
  const rlim_t left = limit.rlim_cur > usual ? limit.rlim_cur - usual : 0;
  return static_cast<std::size_t>(std::max(left / 4 * 3, least));
}

// As many as a name look-up takes.
int Descriptors::refused() noexcept {
  constexpr int pairs = 2;
  int fds[pairs][2];
  int error = 0, made = 0;
  for (; made < pairs && error == 0; ++made) {
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, fds[made]) != 0) error = errno;
  }
  if (error != 0) --made;
  while (made-- > 0) {
    ::close(fds[made][0]);
    ::close(fds[made][1]);
  }
  return error;
}

}  // namespace luvcurl
