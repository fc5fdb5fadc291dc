// luvcurl_core.so, what Lua opens: finds luvcurl_impl.so beside itself and opens it bound to its
// own libraries first. luvi releases and other hosts export an OpenSSL of their own, whose SSL_*
// functions would otherwise capture libcurl's calls: HTTPS then fails with good certificates.
// RTLD_NODELETE since libuv calls back into the module when the Lua state, and with it this file,
// is gone.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>

#include <cstdio>
#include <cstring>

extern "C" {
#include <lauxlib.h>
#include <lua.h>
}

extern "C" __attribute__((visibility("default"))) int luaopen_luvcurl_core(lua_State *L);

namespace {

constexpr const char *sibling = "luvcurl_impl.so";

constexpr int flags() {
  int all = RTLD_NOW | RTLD_LOCAL;
#ifdef RTLD_NODELETE
  all |= RTLD_NODELETE;
#endif
  // AddressSanitizer refuses it; musl and macOS have none.
#if defined(RTLD_DEEPBIND) && !defined(LUVCURL_SANITIZE)
  all |= RTLD_DEEPBIND;
#endif
  return all;
}

// Writes the path of the file beside this one; false when it does not fit.
bool path_of_sibling(char *path, std::size_t size) {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void *>(&luaopen_luvcurl_core), &info) == 0 ||
      info.dli_fname == nullptr)
    return false;
  const char *slash = std::strrchr(info.dli_fname, '/');
  const int folder = slash != nullptr ? static_cast<int>(slash - info.dli_fname) + 1 : 0;
  const int written = std::snprintf(path, size, "%.*s%s", folder, info.dli_fname, sibling);
  return written > 0 && static_cast<std::size_t>(written) < size;
}

}  // namespace

extern "C" int luaopen_luvcurl_core(lua_State *L) {
  char path[4096];
  if (!path_of_sibling(path, sizeof path))
    return luaL_error(L, "luvcurl: cannot tell where luvcurl_core is");
  void *library = dlopen(path, flags());
  if (library == nullptr) return luaL_error(L, "luvcurl: %s", dlerror());
  const auto open = reinterpret_cast<lua_CFunction>(dlsym(library, "luvcurl_open"));
  if (open == nullptr) return luaL_error(L, "luvcurl: %s is not luvcurl's", path);
  return open(L);
}
