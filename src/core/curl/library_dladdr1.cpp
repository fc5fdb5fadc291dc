#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <link.h>

#include "core/curl/library.h"

namespace luvcurl::library {

// For the main program dli_fname is argv[0], which cannot be opened; its link map has an empty
// name.
void *of(void *function) noexcept {
  Dl_info info{};
  link_map *map = nullptr;
  if (::dladdr1(function, &info, reinterpret_cast<void **>(&map), RTLD_DL_LINKMAP) == 0 ||
      map == nullptr)
    return nullptr;
  const char *name = map->l_name;
  return name[0] == '\0' ? ::dlopen(nullptr, RTLD_LAZY) : ::dlopen(name, RTLD_NOLOAD | RTLD_LAZY);
}

}  // namespace luvcurl::library
