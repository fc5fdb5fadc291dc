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

#include "capture.h"

extern "C" {
#include <lauxlib.h>
#include <lua.h>
}

extern "C" __attribute__((visibility("default"))) int luaopen_luvcurl_core(lua_State *L);

namespace {

constexpr const char *sibling = LUVCURL_SIBLING;

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

// The Lua that runs, by what only it and those after it have, newest first: nothing else can be
// asked of all of them. A module for another one would fail for an undefined symbol, or crash.
const char *running_lua() {
  constexpr const char *signs[][2] = {{"luaL_openselectedlibs", "Lua 5.5"},
                                      {"lua_newuserdatauv", "Lua 5.4"},
                                      {"lua_rotate", "Lua 5.3"},
                                      {"lua_rawlen", "Lua 5.2"},
                                      {"lua_objlen", "Lua 5.1"}};
  for (const auto &sign : signs)
    if (dlsym(RTLD_DEFAULT, sign[0]) != nullptr) return sign[1];
  return LUA_VERSION;
}

}  // namespace

extern "C" int luaopen_luvcurl_core(lua_State *L) {
  const char *lua = running_lua();
  if (std::strcmp(lua, LUA_VERSION) != 0)
    return luaL_error(L,
                      "luvcurl: this luvcurl_core.so is built for %s, and this is %s: build it "
                      "with LUVCURL_LUA set",
                      LUA_VERSION, lua);
  char path[4096];
  if (!path_of_sibling(path, sizeof path))
    return luaL_error(L, "luvcurl: cannot tell where luvcurl_core is");
  void *library = dlopen(path, flags());
  if (library == nullptr) return luaL_error(L, "luvcurl: %s", dlerror());
  char why[1024];
  if (luvcurl::loader::is_captured(library, why, sizeof why))
    return luaL_error(L, "luvcurl: %s", why);
  const auto open = reinterpret_cast<lua_CFunction>(dlsym(library, "luvcurl_open"));
  if (open == nullptr) return luaL_error(L, "luvcurl: %s is not luvcurl's", path);
  return open(L);
}
