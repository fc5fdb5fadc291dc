#pragma once

#include <new>
#include <utility>

#include "lua/protect.h"

namespace luvcurl::lua {

/// A C++ object owned by a Lua userdata: the collector destroys it. Also the way to hold an object
/// across calls that may raise, where a local's destructor would be skipped.
template <class T>
class Object {
 public:
  /// Pushes a userdata with a new T. The type's metatable must be there (define).
  template <class... Args>
  static T &push(lua_State *L, Args &&...args) {
    void *memory = lua_newuserdata(L, sizeof(T));
    T *object = new (memory) T(std::forward<Args>(args)...);
    push_metatable(L);
    lua_setmetatable(L, -2);
    return *object;
  }

  /// The object at an index; raises an argument error that names the type.
  static T &check(lua_State *L, int index) {
    void *memory = lua_touserdata(L, index);
    if (memory != nullptr && lua_getmetatable(L, index) != 0) {
      push_metatable(L);
      const bool is_one = lua_rawequal(L, -1, -2) != 0;
      lua_pop(L, 2);
      if (is_one) return *static_cast<T *>(memory);
    }
    luaL_argerror(L, index,
                  lua_pushfstring(L, "%s expected, got %s", T::type_name, luaL_typename(L, index)));
    __builtin_unreachable();
  }

  /// Creates the metatable with its methods.
  static void define(lua_State *L, const luaL_Reg *methods) {
    luaL_newmetatable(L, T::type_name);
    lua_pushlightuserdata(L, key());
    lua_pushvalue(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
    lua_newtable(L);
    for (; methods->name != nullptr; ++methods) {
      lua_pushcfunction(L, methods->func);
      lua_setfield(L, methods->name[0] == '_' ? -3 : -2, methods->name);
    }
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, &collect);
    lua_setfield(L, -2, "__gc");
    lua_pushliteral(L, "luvcurl");
    lua_setfield(L, -2, "__metatable");  // scripts must not call __gc
    lua_pop(L, 1);
  }

  /// Pushes the metatable.
  static void push_metatable(lua_State *L) {
    lua_pushlightuserdata(L, key());
    lua_rawget(L, LUA_REGISTRYINDEX);
  }

 private:
  // An address is a cheaper key than a name, which Lua would hash anew at each look. Not that of
  // the name: each translation unit may have its own copy of a literal.
  static void *key() {
    static char unique;
    return &unique;
  }

  static int collect(lua_State *L) {
    static_cast<T *>(lua_touserdata(L, 1))->~T();
    return 0;
  }
};

}  // namespace luvcurl::lua
