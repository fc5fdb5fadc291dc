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

/// Makes the collector work as for so many kilobytes of garbage, which it cannot see: what somebody
/// makes and drops would otherwise wait for it by the thousand. A collector that the script stopped
/// stays so, where Lua tells (not in PUC Lua 5.1).
inline void tell_collector(lua_State *L, int kilobytes) {
#ifdef LUA_GCISRUNNING
  if (lua_gc(L, LUA_GCISRUNNING, 0) == 0) return;
#endif
  lua_gc(L, LUA_GCSTEP, kilobytes);
}

}  // namespace luvcurl::lua
