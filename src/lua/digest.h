#pragma once

#include "lua/protect.h"

namespace luvcurl::lua {

/// core.sha256(): an object with update(bytes) and hex(), by OpenSSL.
int new_digest(lua_State *L);

/// Creates the metatable.
void define_digest(lua_State *L);

}  // namespace luvcurl::lua
