// Runs FUZZ_SCRIPT, a Lua file that returns a function, with each input. The function checks what
// there is to check: an error of it is a finding.

#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" {
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
}

namespace {

void stop(lua_State *L) {
  std::fprintf(stderr, "%s: %s\n", FUZZ_SCRIPT, lua_tostring(L, -1));
  std::abort();
}

int add_traceback(lua_State *L) {
  luaL_traceback(L, L, lua_tostring(L, 1), 1);
  return 1;
}

// Pushes the message handler and the function, which stay there.
lua_State *open() {
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  lua_pushcfunction(L, &add_traceback);
  if (luaL_loadfile(L, FUZZ_SCRIPT) != LUA_OK || lua_pcall(L, 0, 1, 1) != LUA_OK) stop(L);
  return L;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
  static lua_State *L = open();
  lua_pushvalue(L, 2);
  lua_pushlstring(L, reinterpret_cast<const char *>(bytes), size);
  if (lua_pcall(L, 1, 0, 1) != LUA_OK) stop(L);
  return 0;
}
