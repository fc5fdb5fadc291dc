#pragma once

#include <exception>

extern "C" {
#include <lauxlib.h>
#include <lua.h>
}

namespace luvcurl::lua {

/// Makes a lua_CFunction of `F` that C++ exceptions do not leave: std::bad_alloc and its kind
/// become Lua errors. Lua's own errors pass through untouched (on LuaJIT they are foreign
/// exceptions, which only catch (...) would catch), so nothing in `F` may need a destructor when it
/// raises.
template <lua_CFunction F>
int guarded(lua_State *L) {
  const char *what = nullptr;
  try {
    return F(L);
  } catch (const std::exception &) {
    what = "not enough memory";
  }
  return luaL_error(L, "luvcurl: %s", what);
}

/// luaL_error for the compiler's sake: says that it does not return.
[[noreturn]] __attribute__((format(printf, 2, 3))) void raise(lua_State *L, const char *format,
                                                              ...);

/// A message handler for lua_pcall: makes a string with a traceback of any error value. Only
/// strings may reach the host: luv 1.44 prints "(null)" for a table, and Neovim 0.7 crashes.
int traceback(lua_State *L);

}  // namespace luvcurl::lua
