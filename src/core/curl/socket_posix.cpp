#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "core/curl/socket.h"

#ifndef SOCK_CLOEXEC  // macOS
#define SOCK_CLOEXEC 0
#endif

namespace luvcurl {

namespace {

// Whether a descriptor is an end of a nameless pair of this process.
bool is_of_pair(int fd) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  constexpr socklen_t nameless = offsetof(sockaddr_un, sun_path);
  return ::getpeername(fd, reinterpret_cast<sockaddr *>(&name), &size) == 0 &&
         name.ss_family == AF_UNIX && size == nameless;
}

}  // namespace

curl_socket_t open_socket(const curl_sockaddr &address, int *error) noexcept {
  const int fd = ::socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
  if (fd < 0) {
    *error = errno;
    return CURL_SOCKET_BAD;
  }
  if (SOCK_CLOEXEC == 0) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
}

int close_socket(curl_socket_t socket) noexcept { return ::close(socket); }

void end_reading(curl_socket_t socket) noexcept { ::shutdown(socket, SHUT_RD); }

// Nobody tells of the other end. It has one of the next numbers that were free, and the inode that
// was made after this one's.
void keep_from_children(curl_socket_t socket) noexcept {
  constexpr int nearby = 32;
  ::fcntl(socket, F_SETFD, FD_CLOEXEC);
  struct stat mine {};
  if (!is_of_pair(socket) || ::fstat(socket, &mine) != 0) return;
  for (int other = socket + 1; other <= socket + nearby; ++other) {
    struct stat its {};
    if (::fstat(other, &its) != 0 || its.st_dev != mine.st_dev) continue;
    if (its.st_ino != mine.st_ino + 1 || !is_of_pair(other)) continue;
    ::fcntl(other, F_SETFD, FD_CLOEXEC);
    return;
  }
}

bool is_open(curl_socket_t socket) noexcept { return ::fcntl(socket, F_GETFD) >= 0; }

// COMPAT libcurl < 8.13: it makes a pair for curl_multi_wakeup that is not close-on-exec, and tells
// nobody of its numbers. They are those that the next pair gets, unless another thread is quicker.
OwnSockets::OwnSockets() noexcept {
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, next_) != 0) return;
  for (const int fd : next_) ::close(fd);
}

void OwnSockets::keep_from_children() const noexcept {
  for (const int fd : next_)
    if (fd >= 0 && is_of_pair(fd)) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

}  // namespace luvcurl
