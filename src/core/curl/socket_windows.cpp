#include <winsock2.h>

#include "core/curl/socket.h"

namespace luvcurl {

curl_socket_t open_socket(const curl_sockaddr &address, int *error) noexcept {
  const curl_socket_t socket =
      ::WSASocketW(address.family, address.socktype, address.protocol, nullptr, 0,
                   WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
  if (socket == CURL_SOCKET_BAD) *error = ::WSAGetLastError();
  return socket;
}

int close_socket(curl_socket_t socket) noexcept { return ::closesocket(socket); }

void end_reading(curl_socket_t socket) noexcept { ::shutdown(socket, SD_RECEIVE); }

void keep_from_children(curl_socket_t socket) noexcept {
  ::SetHandleInformation(reinterpret_cast<HANDLE>(socket), HANDLE_FLAG_INHERIT, 0);
}

bool is_open(curl_socket_t socket) noexcept {
  int type = 0;
  int size = sizeof type;
  return ::getsockopt(socket, SOL_SOCKET, SO_TYPE, reinterpret_cast<char *>(&type), &size) == 0;
}

// libcurl's are not inherited there.
OwnSockets::OwnSockets() noexcept = default;
void OwnSockets::keep_from_children() const noexcept {}

}  // namespace luvcurl
