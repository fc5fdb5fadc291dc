// Where there is no dladdr1 (musl, macOS, BSDs).

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>

#include "core/curl/library.h"

namespace luvcurl::library {

void *of(void *function) noexcept {
  Dl_info info{};
  if (::dladdr(function, &info) == 0) return nullptr;
  void *library = ::dlopen(info.dli_fname, RTLD_NOLOAD | RTLD_LAZY);
  return library != nullptr ? library : ::dlopen(nullptr, RTLD_LAZY);
}

}  // namespace luvcurl::library
