#include "core/curl/multi_handle.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/curl/pairs.h"

namespace luvcurl {

namespace {

// The numbers that the next pair of sockets gets, unless another thread is quicker.
struct Numbers {
  Numbers() {
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return;
    for (const int fd : pair) ::close(fd);
  }
  int pair[2] = {-1, -1};
};

// By number: it may be newer than the headers (8.20), and a libcurl that does not know it says so.
constexpr auto quick_exit = static_cast<CURLMoption>(CURLOPTTYPE_LONG + 21);

}  // namespace

// COMPAT libcurl < 8.13: it makes a pair for curl_multi_wakeup that is not close-on-exec, and tells
// nobody of its numbers.
MultiPtr make_multi() {
  const Numbers next;
  MultiPtr multi(curl_multi_init());
  for (const int fd : next.pair)
    if (fd >= 0 && is_of_pair(fd)) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  // Else its end waits for the threads that look up names.
  curl_multi_setopt(multi.get(), quick_exit, 1L);
  return multi;
}

}  // namespace luvcurl
