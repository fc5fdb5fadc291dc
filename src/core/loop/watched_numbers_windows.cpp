#include "core/curl/socket.h"
#include "core/loop/watched_numbers.h"

namespace luvcurl {

WatchedNumbers::WatchedNumbers(int) {}

bool WatchedNumbers::may_have(curl_socket_t fd) const noexcept { return is_known_ || is_open(fd); }

}  // namespace luvcurl
