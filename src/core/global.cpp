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
  static std::mutex mutex;
  static bool done = false;
  const std::lock_guard<std::mutex> guard(mutex);
  if (done) return nullptr;
  const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) return curl_easy_strerror(code);  // for want of memory: may be tried again
  ignore_sigpipe();
  done = true;
  return nullptr;
}

}  // namespace luvcurl
