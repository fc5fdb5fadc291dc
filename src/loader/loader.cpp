// luvcurl_core.so, what Lua opens: finds luvcurl_impl.so beside itself and opens it bound to its
// own libraries first. luvi releases and other hosts export an OpenSSL of their own, whose SSL_*
// functions would otherwise capture libcurl's calls: HTTPS then fails with good certificates.

#include <cstdio>
#include <cstring>

#include "capture.h"
#include "export.h"
#include "sibling.h"

extern "C" {
#include <lauxlib.h>
#include <lua.h>
}

extern "C" LUVCURL_EXPORT int luaopen_luvcurl_core(lua_State *L);

namespace loader = luvcurl::loader;

namespace {

// The Lua that runs, by what only it and those after it have, newest first: nothing else can be
// asked of all of them. A module for another one would fail for an undefined symbol, or crash.
const char *running_lua() {
  constexpr const char *signs[][2] = {{"luaL_openselectedlibs", "Lua 5.5"},
                                      {"lua_newuserdatauv", "Lua 5.4"},
                                      {"lua_rotate", "Lua 5.3"},
                                      {"lua_rawlen", "Lua 5.2"},
                                      {"lua_objlen", "Lua 5.1"}};
  for (const auto &sign : signs)
    if (loader::has_function(sign[0])) return sign[1];
  return LUA_VERSION;
}

bool is_there(const char *path) {
  std::FILE *file = std::fopen(path, "rb");
  return file != nullptr && std::fclose(file) == 0;
}

}  // namespace

extern "C" int luaopen_luvcurl_core(lua_State *L) {
  const char *lua = running_lua();
  if (std::strcmp(lua, LUA_VERSION) != 0)
    return luaL_error(L,
                      "luvcurl: this luvcurl_core.so is built for %s, and this is %s: build it "
                      "with LUVCURL_LUA set",
                      LUA_VERSION, lua);
  char path[4096], why[1024];
  const auto *self = reinterpret_cast<void *>(&luaopen_luvcurl_core);
  if (!loader::path_of_sibling(self, path, sizeof path))
    return luaL_error(L, "luvcurl: cannot tell where luvcurl_core is");
  void *library = loader::open_for_good(path, why, sizeof why);
  // luvit unpacks what is in a bundle one by one, each into a folder of its own.
  if (library == nullptr && !is_there(path))
    return luaL_error(L,
                      "luvcurl: there is no %s: it has to lie beside luvcurl_core.so, which for an "
                      "app that luvi has bundled means both beside the program, not in the bundle",
                      path);
  if (library == nullptr) return luaL_error(L, "luvcurl: %s", why);
  if (loader::is_captured(library, why, sizeof why)) return luaL_error(L, "luvcurl: %s", why);
  const auto open = reinterpret_cast<lua_CFunction>(loader::function_of(library, "luvcurl_open"));
  if (open == nullptr) return luaL_error(L, "luvcurl: %s is not luvcurl's", path);
  return open(L);
}
