#pragma once

#include "lua/protect.h"

// What differs between the Luas that luvcurl is built for.
namespace luvcurl::lua {

/// Attaches the table on the top of the stack (popped) to the userdata at `index`: its environment
/// in Lua 5.1 and LuaJIT, its user value since.
inline void attach(lua_State *L, int index) {
#if LUA_VERSION_NUM >= 503
  lua_setuservalue(L, index);
#else
  lua_setfenv(L, index);
#endif
}

/// Pushes what attach() attached.
inline void push_attached(lua_State *L, int index) {
#if LUA_VERSION_NUM >= 503
  lua_getuservalue(L, index);
#else
  lua_getfenv(L, index);
#endif
}

/// Pushes an integer that may be wider than lua_Integer: exact up to 2^53 everywhere.
inline void push_int64(lua_State *L, long long value) {
#if LUA_VERSION_NUM >= 503
  lua_pushinteger(L, static_cast<lua_Integer>(value));
#else
  lua_pushnumber(L, static_cast<lua_Number>(value));
#endif
}

}  // namespace luvcurl::lua
