#pragma once

#include <string>
#include <vector>

#include "core/transfer/result.h"
#include "lua/object.h"

namespace luvcurl::lua {

/// A C++ text on its way into Lua. Making a Lua value may run a finalizer of the script's, which
/// may run the loop: what luvcurl or libcurl has changes or goes then. So room for a copy is made
/// first, then all is copied, and Lua's values are made of the copy. It is an Object, since making
/// them may raise, too.
struct Text {
  static constexpr const char *type_name = "luvcurl.text";
  static constexpr Slot slot = Slot::text;
  std::string text;
};

/// Pushes room for a text; it is readable as long as it stays on the stack.
std::string &push_text(lua_State *L);

/// Pushes it as a string. Returns 1.
int push_copy(lua_State *L, const std::string &copy);

/// The same for any info.
struct InfoCopy {
  static constexpr const char *type_name = "luvcurl.info";
  static constexpr Slot slot = Slot::info;
  std::string text;
  std::vector<std::vector<std::string>> lists;
};
InfoCopy &push_info_copy(lua_State *L);

/// Pushes one of libcurl's infos of a transfer, by its lower-case name without prefix: a number, a
/// string, a list (slists; certinfo gives a list of lists), or nil where there is none (yet). After
/// the final callback, without `easy`, only what the result keeps is there. Raises for what it does
/// not, and for a name that libcurl does not have.
int push_info(lua_State *L, const Result &result, CURL *easy, const char *name, InfoCopy &copy);

/// core.info_names(): the names that push_info knows.
int all_info_names(lua_State *L);

/// Creates the metatables that infos and texts need.
void define_info(lua_State *L);

}  // namespace luvcurl::lua
