#include "core/loop/watched_numbers.h"

#include <fcntl.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace luvcurl {

// Linux lists them, a line each: "tfd:        5 events:       19 data:                5 …".
WatchedNumbers::WatchedNumbers(int epoll) {
  char text[256];
  std::snprintf(text, sizeof text, "/proc/self/fdinfo/%d", epoll);
  std::FILE *file = std::fopen(text, "re");
  if (file == nullptr) return;
  is_known_ = true;
  try {
    while (std::fgets(text, sizeof text, file) != nullptr) {
      if (std::strncmp(text, "tfd:", 4) != 0) continue;
      const unsigned long fd = std::strtoul(text + 4, nullptr, 10);
      if (fd >= numbers_.size()) numbers_.resize(fd + 1);
      numbers_[fd] = true;
    }
  } catch (const std::exception &) {
    is_known_ = false;
  }
  std::fclose(file);
}

bool WatchedNumbers::may_have(curl_socket_t fd) const noexcept {
  if (!is_known_) return ::fcntl(fd, F_GETFD) >= 0;
  const auto index = static_cast<std::size_t>(fd);
  return index < numbers_.size() && numbers_[index];
}

}  // namespace luvcurl
