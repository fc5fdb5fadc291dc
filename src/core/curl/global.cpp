#include "core/curl/global.h"

#include <curl/curl.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <mutex>

#include "core/curl/stream_resets.h"

// Of the OpenSSL that libcurl uses; null where there is none.
extern "C" __attribute__((weak)) int OPENSSL_init_crypto(std::uint64_t options,
                                                         const void *settings);

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

// OpenSSL takes itself apart when the process exits, under the hands of threads that talk TLS then:
// they crash. It does not when the first to set it up says so (1.1.1b and newer).
void keep_openssl() {
  constexpr std::uint64_t no_atexit = 0x00080000;  // OPENSSL_INIT_NO_ATEXIT
  if (OPENSSL_init_crypto != nullptr) OPENSSL_init_crypto(no_atexit, nullptr);
}

// libcurl frees a transfer's receive buffer at its end and allocates it anew for the next, and
// glibc gives the top of its heap back to the system whenever 128 KB lie free there: a burst of
// transfers then costs a page fault for each 4 KB of their buffers, a third of all their time. The
// limit is one that glibc fits to the program: twice the largest block that was mapped and freed.
// So one is. A host that has set a limit of its own (mallopt, MALLOC_TRIM_THRESHOLD_) keeps that.
void keep_heap() {
#ifdef __GLIBC__
  constexpr std::size_t largest = 4 * 1024 * 1024;
  void *volatile block = std::malloc(largest);  // volatile: the two may not be optimised away
  std::free(block);
#endif
}

}  // namespace

const char *global_init() noexcept {
  static std::mutex mutex;
  static bool done = false;
  const std::lock_guard<std::mutex> guard(mutex);
  if (done) return nullptr;
  keep_openssl();
  watch_stream_resets();
  const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) return curl_easy_strerror(code);  // for want of memory: may be tried again
  ignore_sigpipe();
  keep_heap();
  done = true;
  return nullptr;
}

}  // namespace luvcurl
