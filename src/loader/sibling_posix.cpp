#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>

#include <cstdio>
#include <cstring>

#include "sibling.h"

// AddressSanitizer refuses it; musl and macOS have none.
#if !defined(RTLD_DEEPBIND) || defined(LUVCURL_SANITIZE)
#undef RTLD_DEEPBIND
#define RTLD_DEEPBIND 0
#endif

namespace luvcurl::loader {

bool path_of_sibling(const void *function, char *path, std::size_t size) noexcept {
  Dl_info info{};
  if (dladdr(function, &info) == 0 || info.dli_fname == nullptr) return false;
  const char *slash = std::strrchr(info.dli_fname, '/');
  const int folder = slash != nullptr ? static_cast<int>(slash - info.dli_fname) + 1 : 0;
  const int written = std::snprintf(path, size, "%.*s%s", folder, info.dli_fname, LUVCURL_SIBLING);
  return written > 0 && static_cast<std::size_t>(written) < size;
}

void *open_for_good(const char *path, char *why, std::size_t size) noexcept {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE | RTLD_DEEPBIND);
  if (library == nullptr) std::snprintf(why, size, "%s", dlerror());
  return library;
}

void *function_of(void *library, const char *name) noexcept { return dlsym(library, name); }

bool has_function(const char *name) noexcept { return dlsym(RTLD_DEFAULT, name) != nullptr; }

}  // namespace luvcurl::loader
