#pragma once

#include "core/curl/option.h"
#include "lua/object.h"

namespace luvcurl::lua {

/// A sealed option set in Lua's hands.
struct OptionsObject {
  static constexpr const char *type_name = "luvcurl.options";
  static constexpr Slot slot = Slot::options;
  std::shared_ptr<OptionSet> building;
  Options options;
};

/// core.options{name, value, name, value, …}: checks each value by libcurl's own description of the
/// option. Raises "option 'x': expected …".
int new_options(lua_State *L);

/// core.option_kind(name): 'number', 'size', 'string', 'list', 'blob', 'owned', or nil.
int option_kind(lua_State *L);

/// core.accepts(options): whether the loaded libcurl and its TLS library take them.
int accepts(lua_State *L);

/// core.option_names(): all names that the loaded libcurl has.
int all_option_names(lua_State *L);

/// An optional non-negative integer field of the table at `index`; raises an error that names it.
std::int64_t integer_field(lua_State *L, int index, const char *name, std::int64_t fallback);

/// Whether the table's field (metatables honoured) is anything but nil and false.
bool has_field(lua_State *L, int index, const char *name);

}  // namespace luvcurl::lua
