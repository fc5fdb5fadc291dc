#include "lua/value.h"

#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace luvcurl::lua {

namespace {

// The message of a refused value. A plain array, so that raising it skips no destructor.
struct Refusal {
  char text[192] = "";

  __attribute__((format(printf, 2, 3))) bool because(const char *format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return false;
  }
};

const char *const kind_names[] = {nullptr, "owned", "number", "size", "string", "list", "blob"};

bool read_integer(lua_State *L, int index, OptionKind kind, std::int64_t *out, Refusal &no) {
  if (lua_type(L, index) == LUA_TBOOLEAN) {
    *out = lua_toboolean(L, index);
    return true;
  }
  if (lua_type(L, index) != LUA_TNUMBER)
    return no.because("expected an integer or a boolean, got %s", luaL_typename(L, index));
  const double number = lua_tonumber(L, index);
  // Beyond 2^53 a Lua number does not hold every integer; libcurl's longs are as wide as C's.
  const double limit =
      kind == OptionKind::number && sizeof(long) == 4 ? 2147483647.0 : 9007199254740992.0;
  if (!(number >= -limit && number <= limit) || number != std::floor(number))
    return no.because("expected an integer, got %.17g", number);
  *out = static_cast<std::int64_t>(number);
  return true;
}

// Copies a string value; libcurl reads all but blobs up to the first NUL.
bool read_text(lua_State *L, int index, bool allow_nul, std::string *out, Refusal &no) {
  if (lua_type(L, index) != LUA_TSTRING)
    return no.because("expected a string, got %s", luaL_typename(L, index));
  std::size_t size = 0;
  const char *text = lua_tolstring(L, index, &size);
  if (!allow_nul && std::memchr(text, '\0', size) != nullptr)
    return no.because("the string contains a NUL byte");
  out->assign(text, size);
  return true;
}

bool read_list(lua_State *L, int index, Option *option, Refusal &no) {
  if (lua_type(L, index) != LUA_TTABLE)
    return no.because("expected a list of strings, got %s", luaL_typename(L, index));
  for (int i = 1;; ++i) {
    lua_rawgeti(L, index, i);
    if (lua_isnil(L, -1)) break;
    option->items.emplace_back();
    const bool ok = read_text(L, lua_gettop(L), false, &option->items.back(), no);
    lua_pop(L, 1);
    if (!ok) return false;
  }
  lua_pop(L, 1);
  return true;
}

// No Lua call in here raises: the types were looked at before.
bool read_option(lua_State *L, int name, int value, OptionSet &set, Refusal &no) {
  Option option;
  option.info = find_option(lua_tostring(L, name));
  switch (option.info.kind) {
    case OptionKind::unknown:
      return no.because("the loaded libcurl has no such option");
    case OptionKind::owned:
      return no.because("luvcurl sets it itself");
    case OptionKind::number:
    case OptionKind::size:
      if (!read_integer(L, value, option.info.kind, &option.number, no)) return false;
      break;
    case OptionKind::string:
      option.unset = lua_type(L, value) == LUA_TBOOLEAN && lua_toboolean(L, value) == 0;
      if (!option.unset && !read_text(L, value, false, &option.text, no)) return false;
      break;
    case OptionKind::blob:
      if (!read_text(L, value, true, &option.text, no)) return false;
      break;
    case OptionKind::list:
      if (!read_list(L, value, &option, no)) return false;
      break;
  }
  set.add(std::move(option));
  return true;
}

}  // namespace

int new_options(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  const bool proxy_of_environment = lua_toboolean(L, 2) != 0;
  lua_settop(L, 1);
  auto &object = Object<OptionsObject>::push(L);
  object.building = std::make_shared<OptionSet>();
  for (int i = 1;; i += 2) {
    lua_rawgeti(L, 1, i);
    if (lua_isnil(L, -1)) break;
    if (lua_type(L, -1) != LUA_TSTRING)
      return luaL_error(L, "option names are strings, got %s", luaL_typename(L, -1));
    lua_rawgeti(L, 1, i + 1);
    Refusal no;
    if (!read_option(L, lua_gettop(L) - 1, lua_gettop(L), *object.building, no))
      return luaL_error(L, "option '%s': %s", lua_tostring(L, 3), no.text);
    lua_settop(L, 2);
  }
  lua_settop(L, 2);
  if (proxy_of_environment) object.building->mark_proxy_of_environment();
  object.building->seal();
  object.options = std::move(object.building);
  return 1;
}

int option_kind(lua_State *L) {
  const OptionKind kind = find_option(luaL_checkstring(L, 1)).kind;
  lua_pushstring(L, kind_names[static_cast<int>(kind)]);
  return 1;
}

int accepts(lua_State *L) {
  const auto &object = Object<OptionsObject>::check(L, 1);
  const EasyPtr easy(curl_easy_init());
  const Option *failed = nullptr;
  lua_pushboolean(L, easy && object.options->apply(easy.get(), &failed) == CURLE_OK);
  return 1;
}

int all_option_names(lua_State *L) {
  const auto &names = option_names();
  lua_createtable(L, static_cast<int>(names.size()), 0);
  int i = 0;
  for (const std::string &name : names) {
    lua_pushlstring(L, name.data(), name.size());
    lua_rawseti(L, -2, ++i);
  }
  return 1;
}

std::int64_t integer_field(lua_State *L, int index, const char *name, std::int64_t fallback) {
  lua_getfield(L, index, name);
  if (!lua_isnil(L, -1)) {
    Refusal no;
    if (lua_type(L, -1) == LUA_TBOOLEAN ||
        !read_integer(L, lua_gettop(L), OptionKind::size, &fallback, no))
      luaL_error(L, "%s: %s", name,
                 no.text[0] != '\0' ? no.text : "expected an integer, got boolean");
    if (fallback < 0) luaL_error(L, "%s: must not be negative", name);
  }
  lua_pop(L, 1);
  return fallback;
}

bool has_field(lua_State *L, int index, const char *name) {
  lua_getfield(L, index, name);
  const bool has = lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
  return has;
}

}  // namespace luvcurl::lua
