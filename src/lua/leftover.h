#pragma once

#include "lua/protect.h"

namespace luvcurl::lua {

/// core.leftover(path): a file that is of no use any more when the process ends or the Lua state
/// closes, in whatever way the system lets us notice: it is removed then. Its keep() says that the
/// file is gone, or is to stay.
int new_leftover(lua_State *L);

/// Creates the metatable.
void define_leftover(lua_State *L);

}  // namespace luvcurl::lua
