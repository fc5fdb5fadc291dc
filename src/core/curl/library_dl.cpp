#include <dlfcn.h>

#include "core/curl/library.h"

namespace luvcurl::library {

void *open(const char *name) noexcept { return ::dlopen(name, RTLD_NOW | RTLD_LOCAL); }

void *find(void *library, const char *name) noexcept { return ::dlsym(library, name); }

}  // namespace luvcurl::library
