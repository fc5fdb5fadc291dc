#include "core/loop/sockets.h"

#include <new>

#include "core/curl/easy.h"
#include "core/curl/easy_user.h"
#include "core/curl/socket.h"
#include "core/loop/interest.h"

namespace luvcurl {

namespace {

curl_socket_t on_open(void *easy, curlsocktype, curl_sockaddr *address) {
  EasyUser *user = static_cast<Easy *>(easy)->user;
  if (user == nullptr) return CURL_SOCKET_BAD;
  int error = 0;
  const curl_socket_t socket = open_socket(*address, &error);
  try {
    user->on_socket(socket, error);
  } catch (const std::bad_alloc &) {
    if (socket != CURL_SOCKET_BAD) close_socket(socket);
    return CURL_SOCKET_BAD;
  }
  return socket;
}

// What a server connects to us (FTP's active mode) libcurl accepts itself.
int on_socket_options(void *easy, curl_socket_t fd, curlsocktype purpose) {
  if (purpose == CURLSOCKTYPE_ACCEPT) {
    keep_from_children(fd);
  } else {
    Easy &owner = *static_cast<Easy *>(easy);
    owner.socket = fd;
    owner.trust.layers = 0;  // no TLS was begun on this one
  }
  return CURL_SOCKOPT_OK;
}

int on_close(void *interest, curl_socket_t fd) {
  static_cast<Interest *>(interest)->closing(fd);
  return close_socket(fd);
}

}  // namespace

void watch_sockets(Easy &easy, Interest &interest) noexcept {
  CURL *handle = easy.handle.get();
  set_option(handle, CURLOPT_OPENSOCKETFUNCTION, &on_open);
  set_option(handle, CURLOPT_OPENSOCKETDATA, &easy);
  set_option(handle, CURLOPT_SOCKOPTFUNCTION, &on_socket_options);
  set_option(handle, CURLOPT_SOCKOPTDATA, &easy);
  set_option(handle, CURLOPT_CLOSESOCKETFUNCTION, &on_close);
  set_option(handle, CURLOPT_CLOSESOCKETDATA, &interest);
}

}  // namespace luvcurl
