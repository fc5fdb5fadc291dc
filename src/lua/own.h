#pragma once

extern "C" {
#include <lua.h>
}

namespace luvcurl::lua {

/// What one copy of luvcurl has in one Lua state: a table that each of its functions has as its
/// first upvalue. So two copies, of one version or of two, have nothing in common; and a look costs
/// less than one into the registry.
///
/// There are no light userdata, neither as keys nor to pass pointers on: LuaJIT takes addresses of
/// 47 bits only, and on arm64 libraries and stacks lie above.
enum class Slot : int {
  the_host = 1,  // itself; all others are metatables
  digest,
  form,
  host,
  info,
  leash,
  leftover,
  multi,
  options,
  released,
  text,
  transfer,
  url,
};

constexpr int own_table = lua_upvalueindex(1);

/// Pushes a function with the own table of the one that runs.
inline void push_function(lua_State *L, lua_CFunction function) {
  lua_pushvalue(L, own_table);
  lua_pushcclosure(L, function, 1);
}

}  // namespace luvcurl::lua
