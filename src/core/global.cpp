#include "core/global.h"

#include <curl/curl.h>

#include <csignal>
#include <mutex>

namespace luvcurl {

namespace {

// libuv's streams and some of libcurl's TLS backends write to sockets whose peer has gone
// (curl#11041); luvit and Neovim ignore SIGPIPE themselves, plain luajit dies of it. A handler of
// the host's is left.
void ignore_sigpipe() {
  struct sigaction current {};
  if (sigaction(SIGPIPE, nullptr, &current) == 0 && current.sa_handler == SIG_DFL)
    signal(SIGPIPE, SIG_IGN);
}

}  // namespace

const char *global_init() noexcept {
  static std::once_flag once;
  static CURLcode code = CURLE_OK;
  std::call_once(once, [] {
    code = curl_global_init(CURL_GLOBAL_DEFAULT);
    ignore_sigpipe();
  });
  return code == CURLE_OK ? nullptr : curl_easy_strerror(code);
}

}  // namespace luvcurl
