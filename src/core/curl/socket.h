#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <cstdint>

namespace luvcurl {

/// What a system does with sockets, where that differs.

/// Opens one that no child inherits; CURL_SOCKET_BAD, with the system's reason, when that cannot
/// be.
curl_socket_t open_socket(const curl_sockaddr &address, int *error) noexcept;

/// Closes one; 0 when that went well.
int close_socket(curl_socket_t socket) noexcept;

/// Nothing more is read from it: who waits for it to be readable has come to its end.
void end_reading(curl_socket_t socket) noexcept;

/// From now on no child inherits one that libcurl has opened by itself; if it is an end of a pair,
/// the other one, too.
void keep_from_children(curl_socket_t socket) noexcept;

/// Whether there is such a descriptor.
bool is_open(curl_socket_t socket) noexcept;

/// The sockets that a libcurl opens for itself and tells nobody of; to be made before it does.
class OwnSockets {
 public:
  OwnSockets() noexcept;

  /// Those that were opened since are not inherited.
  void keep_from_children() const noexcept;

 private:
  [[maybe_unused]] curl_socket_t next_[2] = {CURL_SOCKET_BAD, CURL_SOCKET_BAD};
};

/// By number, for what is kept by it. CURL_SOCKET_BAD's is beyond all others.
inline std::size_t index_of(curl_socket_t socket) noexcept {
  return static_cast<std::size_t>(socket);
}

/// libuv tells of sockets as descriptors: a number here, a HANDLE there.
inline curl_socket_t socket_of(int descriptor) noexcept {
  return static_cast<curl_socket_t>(descriptor);
}
inline curl_socket_t socket_of(void *descriptor) noexcept {
  return static_cast<curl_socket_t>(reinterpret_cast<std::uintptr_t>(descriptor));
}

}  // namespace luvcurl
