#include "core/curl/global.h"

#include <curl/curl.h>

#include <cstdint>
#include <cstdlib>
#include <mutex>

#include "core/curl/library.h"
#include "core/curl/process.h"

namespace luvcurl {

namespace {

// OpenSSL takes itself apart when the process exits, under the hands of threads that talk TLS then:
// they crash. It does not when the first to set it up says so (1.1.1b and newer).
void keep_openssl() {
  constexpr std::uint64_t no_atexit = 0x00080000;  // OPENSSL_INIT_NO_ATEXIT
  using Init = int (*)(std::uint64_t options, const void *settings);
  void *library = library::of(reinterpret_cast<void *>(&curl_easy_init));
  if (library == nullptr) return;
  const auto init = reinterpret_cast<Init>(library::find(library, "OPENSSL_init_crypto"));
  if (init != nullptr) init(no_atexit, nullptr);
}

// libcurl frees a transfer's receive buffer at its end and allocates it anew for the next, and
// glibc gives the top of its heap back to the system whenever 128 KB lie free there: a burst of
// transfers then costs a page fault for each 4 KB of their buffers, a third of all their time. The
// limit is one that glibc fits to the program: twice the largest block that was mapped and freed.
// So one is. A host that has set a limit of its own (mallopt, MALLOC_TRIM_THRESHOLD_) keeps that.
// Other systems' heaps it tells nothing.
void keep_heap() {
  constexpr std::size_t largest = 4 * 1024 * 1024;
  void *volatile block = std::malloc(largest);  // volatile: the two may not be optimised away
  std::free(block);
}

}  // namespace

const char *global_init() noexcept {
  static std::mutex mutex;
  static bool done = false;
  const std::lock_guard<std::mutex> guard(mutex);
  if (done) return nullptr;
  keep_openssl();
  const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) return curl_easy_strerror(code);  // for want of memory: may be tried again
  ignore_broken_pipes();
  keep_heap();
  done = true;
  return nullptr;
}

}  // namespace luvcurl
