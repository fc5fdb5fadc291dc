#pragma once

#include <memory>

#include "core/multi/multi.h"
#include "lua/object.h"

namespace luvcurl::lua {

/// A Multi in Lua's hands.
struct MultiObject {
  static constexpr const char *type_name = "luvcurl.multi";
  static constexpr Slot slot = Slot::multi;
  std::shared_ptr<Multi> multi;
};

/// core.multi([settings]): settings are max_connections, max_host_connections and max_concurrent.
int new_multi(lua_State *L);

/// Creates the metatable of Multis.
void define_multi(lua_State *L);

}  // namespace luvcurl::lua
