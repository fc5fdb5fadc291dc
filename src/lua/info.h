#pragma once

#include <string>

#include "core/transfer/result.h"
#include "lua/object.h"

namespace luvcurl::lua {

/// Pushes one of libcurl's infos of a transfer, by its lower-case name without prefix: a number, a
/// string, a list (slists; certinfo gives a list of lists), or nil where there is none (yet). After
/// the final callback, without `easy`, only what the result keeps is there. Raises for a name that
/// libcurl does not have.
int push_info(lua_State *L, const Result &result, CURL *easy, const char *name);

/// Copies a C++ text into Lua; the Object keeps it alive where pushing raises.
struct Text {
  static constexpr const char *type_name = "luvcurl.text";
  std::string text;
};

/// core.info_names(): the names that push_info knows.
int all_info_names(lua_State *L);

/// Creates the metatables that infos and texts need.
void define_info(lua_State *L);

}  // namespace luvcurl::lua
