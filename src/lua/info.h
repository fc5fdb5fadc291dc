#pragma once

#include <string>

#include "core/transfer.h"
#include "lua/object.h"

namespace luvcurl::lua {

/// Pushes one of libcurl's infos of a transfer, by its lower-case name without prefix: a number, a
/// string, a list (slists; certinfo gives a list of lists), or nil where there is none (yet). After
/// the final callback only what a summary keeps is there. Raises for a name that libcurl does not
/// have.
int push_info(lua_State *L, Transfer &transfer, const char *name);

/// Copies a C++ text into Lua; the Object keeps it alive where pushing raises.
struct Text {
  static constexpr const char *type_name = "luvcurl.text";
  std::string text;
};

/// Pushes a transfer's URL, without credentials.
int push_url(lua_State *L, const Transfer &transfer);

/// core.info_names(): the names that push_info knows.
int all_info_names(lua_State *L);

/// Creates the metatables that infos and texts need.
void define_info(lua_State *L);

}  // namespace luvcurl::lua
