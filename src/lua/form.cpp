#include "lua/form.h"

#include <cstring>

#include "lua/value.h"

namespace luvcurl::lua {

namespace {

void read_parts(lua_State *L, int index, Form &form, std::vector<FormPart> &parts);

void read_text(lua_State *L, int table, const char *field, std::string &out,
               bool allow_nul = false) {
  lua_getfield(L, table, field);
  if (!lua_isnil(L, -1)) {
    if (lua_type(L, -1) != LUA_TSTRING)
      luaL_error(L, "form part: %s: expected a string, got %s", field, luaL_typename(L, -1));
    std::size_t size = 0;
    const char *text = lua_tolstring(L, -1, &size);
    if (!allow_nul && std::memchr(text, '\0', size) != nullptr)
      luaL_error(L, "form part: %s: contains a NUL byte", field);
    out.assign(text, size);
  }
  lua_pop(L, 1);
}

void read_headers(lua_State *L, int table, std::vector<std::string> &out) {
  lua_getfield(L, table, "headers");
  for (int i = 1; lua_istable(L, -1); ++i) {
    lua_rawgeti(L, -1, i);
    const char *line = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : nullptr;
    if (line != nullptr) out.emplace_back(line);
    lua_pop(L, 1);
    if (line == nullptr) break;
  }
  lua_pop(L, 1);
}

void read_part(lua_State *L, int table, Form &form, FormPart &part) {
  luaL_checkstack(L, 8, "form nested too deeply");
  read_text(L, table, "name", part.name);
  read_text(L, table, "filename", part.filename);
  read_text(L, table, "type", part.type);
  read_text(L, table, "encoder", part.encoder);
  read_headers(L, table, part.headers);
  if (has_field(L, table, "parts")) {
    part.content = FormPart::Content::parts;
    lua_getfield(L, table, "parts");
    read_parts(L, lua_gettop(L), form, part.parts);
    lua_pop(L, 1);
  } else if (has_field(L, table, "stream")) {
    part.content = FormPart::Content::stream;
    part.stream = form.sizes.size();
    form.sizes.push_back(integer_field(L, table, "size", -1));
  } else {
    read_text(L, table, "data", part.bytes, true);
  }
}

void read_parts(lua_State *L, int index, Form &form, std::vector<FormPart> &parts) {
  luaL_checktype(L, index, LUA_TTABLE);
  for (int i = 1;; ++i) {
    lua_rawgeti(L, index, i);
    if (lua_isnil(L, -1)) break;
    luaL_checktype(L, -1, LUA_TTABLE);
    parts.emplace_back();
    read_part(L, lua_gettop(L), form, parts.back());
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

}  // namespace

FormObject &push_form(lua_State *L, int index) {
  auto &object = Object<FormObject>::push(L);
  read_parts(L, index, *object.form, object.form->parts);
  return object;
}

void define_form(lua_State *L) {
  static const luaL_Reg no_methods[] = {{nullptr, nullptr}};
  Object<FormObject>::define(L, no_methods);
}

}  // namespace luvcurl::lua
