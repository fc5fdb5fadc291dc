#pragma once

extern "C" {
#include <lua.h>
}

namespace luvcurl::lua {

/// Defines what the two need.
void define_shutdown(lua_State *L);

/// core.shut_down([fn]): has all that is in flight end with an error. fn() is called when everybody
/// was told; the loop stays alive until then.
int shut_down(lua_State *L);

/// core.release(): closes the connections that nobody uses; returns a list of the handles that
/// nobody needs any more, for the caller to close. False is in place of one that is needed again.
int release(lua_State *L);

/// core.host_died(): the host has ended by an error, which it has told.
int host_died(lua_State *L);

}  // namespace luvcurl::lua
