#include "core/curl/pairs.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace luvcurl {

bool is_of_pair(int fd) noexcept {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  constexpr socklen_t nameless = sizeof name.ss_family;
  return ::getpeername(fd, reinterpret_cast<sockaddr *>(&name), &size) == 0 &&
         name.ss_family == AF_UNIX && size == nameless;
}

// Nobody tells of the other end. It has one of the next numbers that were free, and the inode that
// was made after this one's.
void keep_from_children(int fd) noexcept {
  constexpr int nearby = 32;
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  struct stat mine {};
  if (!is_of_pair(fd) || ::fstat(fd, &mine) != 0) return;
  for (int other = fd + 1; other <= fd + nearby; ++other) {
    struct stat its {};
    if (::fstat(other, &its) != 0 || its.st_dev != mine.st_dev) continue;
    if (its.st_ino != mine.st_ino + 1 || !is_of_pair(other)) continue;
    ::fcntl(other, F_SETFD, FD_CLOEXEC);
    return;
  }
}

}  // namespace luvcurl
