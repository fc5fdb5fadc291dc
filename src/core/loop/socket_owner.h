#pragma once

#include <curl/curl.h>

namespace luvcurl {

/// What has sockets watched (Interest::wish) and is driven by their events. Takes its wishes back
/// (Interest::forget) before it goes away.
class SocketOwner {
 public:
  /// Works on what has happened to a socket, in bits of CURL_CSELECT_*.
  virtual void drive(curl_socket_t fd, int bits) = 0;

  /// A socket of it cannot be watched: what depends on its sockets ends.
  virtual void unwatchable() = 0;

 protected:
  ~SocketOwner() = default;  // nobody owns it as one
};

}  // namespace luvcurl
