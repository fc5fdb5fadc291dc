#pragma once

extern "C" {
#include <lua.h>
}

namespace luvcurl::lua {

/// t:headers([kind[, response]]): a list of name1, value1, name2, value2, …
int push_headers(lua_State *L);

/// t:hops(): what redirected, as a list of { status=, response=, url= }.
int push_hops(lua_State *L);

}  // namespace luvcurl::lua
