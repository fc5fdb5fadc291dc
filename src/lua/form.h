#pragma once

#include <memory>

#include "core/curl/form.h"
#include "lua/object.h"

namespace luvcurl::lua {

/// A form on its way from a Lua table to a request.
struct FormObject {
  static constexpr const char *type_name = "luvcurl.form";
  static constexpr Slot slot = Slot::form;
  std::shared_ptr<Form> form = std::make_shared<Form>();
};

/// Reads a form from the table at `index` and leaves the FormObject on the stack. The table is a
/// list of parts: { name=, filename=, type=, encoder=, headers={line, …}, and one of data=
/// (string), stream=true with size= (bytes, if known), parts= (a list again) }. Streams are
/// numbered in their order from 1. Raises an error that names the field.
FormObject &push_form(lua_State *L, int index);

/// Creates the metatable.
void define_form(lua_State *L);

}  // namespace luvcurl::lua
