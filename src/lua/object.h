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
    luaL_getmetatable(L, T::type_name);
    lua_setmetatable(L, -2);
    return *object;
  }

  /// The object at an index; raises an argument error that names the type.
  static T &check(lua_State *L, int index) {
    return *static_cast<T *>(luaL_checkudata(L, index, T::type_name));
  }

  /// Creates the metatable with its methods.
  static void define(lua_State *L, const luaL_Reg *methods) {
    luaL_newmetatable(L, T::type_name);
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

 private:
  static int collect(lua_State *L) {
    static_cast<T *>(lua_touserdata(L, 1))->~T();
    return 0;
  }
};

}  // namespace luvcurl::lua
