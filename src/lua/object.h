#pragma once

#include <new>
#include <utility>

#include "lua/own.h"
#include "lua/protect.h"

namespace luvcurl::lua {

/// A C++ object owned by a Lua userdata: the collector destroys it. Also the way to hold an object
/// across calls that may raise, where a local's destructor would be skipped.
///
/// The collector finalizes what goes together in one go, in an order of its own: a script's __gc
/// may get hold of an object that is destroyed already. Such a one has the metatable of the gone:
/// its methods are there still, and find() tells them.
///
/// All that is here works in functions made by push_function() only.
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

  /// The object at an index, or nullptr when it is gone; raises an argument error that names the
  /// type for anything else.
  static T *find(lua_State *L, int index) {
    void *memory = lua_touserdata(L, index);
    if (memory != nullptr && lua_getmetatable(L, index) != 0) {
      push_metatable(L);
      const bool is_one = lua_rawequal(L, -1, -2) != 0;
      if (is_one) {
        lua_pop(L, 2);
        return static_cast<T *>(memory);
      }
      lua_rawgeti(L, -1, gone);
      const bool is_gone = lua_rawequal(L, -1, -3) != 0;
      lua_pop(L, 3);
      if (is_gone) return nullptr;
    }
    luaL_argerror(L, index,
                  lua_pushfstring(L, "%s expected, got %s", T::type_name, luaL_typename(L, index)));
    __builtin_unreachable();
  }

  /// The object at an index; raises also when it is gone.
  static T &check(lua_State *L, int index) {
    T *object = find(L, index);
    if (object == nullptr) raise(L, "%s is gone: the collector has finalized it", T::type_name);
    return *object;
  }

  /// Creates the metatable with its methods.
  static void define(lua_State *L, const luaL_Reg *methods) {
    push_named_table(L);  // the metatable
    push_named_table(L);  // that of the gone
    lua_newtable(L);      // the methods
    for (; methods->name != nullptr; ++methods) {
      for (const int table : {-2, -3, -4}) {
        // Metamethods into both metatables, methods into their own.
        if ((methods->name[0] == '_') == (table == -2)) continue;
        push_function(L, methods->func);
        lua_setfield(L, table, methods->name);
      }
    }
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "__index");
    lua_setfield(L, -3, "__index");
    lua_rawseti(L, -2, gone);
    push_function(L, &collect);
    lua_setfield(L, -2, "__gc");
    lua_rawseti(L, own_table, static_cast<int>(T::slot));
  }

  /// Pushes the metatable.
  static void push_metatable(lua_State *L) { lua_rawgeti(L, own_table, static_cast<int>(T::slot)); }

 private:
  static constexpr int gone = 1;  // where a metatable has that of the gone

  static void push_named_table(lua_State *L) {
    lua_newtable(L);
    lua_pushstring(L, T::type_name);
    lua_setfield(L, -2, "__name");
    lua_pushliteral(L, "luvcurl");
    lua_setfield(L, -2, "__metatable");  // scripts must not call __gc
  }

  static int collect(lua_State *L) {
    T *object = find(L, 1);
    if (object == nullptr) return 0;
    // First: what the destructor leads to must not find it.
    push_metatable(L);
    lua_rawgeti(L, -1, gone);
    lua_setmetatable(L, 1);
    object->~T();
    return 0;
  }
};

}  // namespace luvcurl::lua
