#include "lua/headers.h"

#include <cstring>
#include <string>
#include <string_view>

#include "core/curl/url.h"
#include "lua/info.h"
#include "lua/transfer.h"

namespace luvcurl::lua {

namespace {

const Headers &headers_of(lua_State *L) {
  return Object<TransferObject>::check(L, 1).result().headers;
}

// Texts one behind the other, each after its size.
void add_text(std::string &all, std::string_view text) {
  const std::size_t size = text.size();
  all.append(reinterpret_cast<const char *>(&size), sizeof size);
  all.append(text);
}

std::string_view next_text(std::string_view *all) {
  std::size_t size = 0;
  std::memcpy(&size, all->data(), sizeof size);
  const std::string_view text = all->substr(sizeof size, size);
  all->remove_prefix(sizeof size + size);
  return text;
}

}  // namespace

int push_headers(lua_State *L) {
  static const char *const kinds[] = {"header", "trailer", "1xx", "connect", nullptr};
  const auto kind = static_cast<Headers::Kind>(luaL_checkoption(L, 2, "header", kinds));
  const auto response = static_cast<int>(luaL_optinteger(L, 3, -1));
  std::string &copy = push_text(L);
  headers_of(L).each(kind, response, [&copy](std::string_view name, std::string_view value) {
    add_text(copy, name);
    add_text(copy, value);
  });
  lua_newtable(L);
  int count = 0;
  for (std::string_view all = copy; !all.empty();) {
    const std::string_view text = next_text(&all);
    lua_pushlstring(L, text.data(), text.size());
    lua_rawseti(L, -2, ++count);
  }
  return 1;
}

int push_hops(lua_State *L) {
  std::string &copy = push_text(L);
  lua_newtable(L);
  int count = 0;
  // Looked at anew each time: there may be more of them meanwhile.
  for (std::size_t i = 0; i < headers_of(L).hops().size(); ++i) {
    const Headers::Hop &hop = headers_of(L).hops()[i];
    copy = without_credentials(hop.url.c_str());
    const auto status = static_cast<lua_Integer>(hop.status);
    const lua_Integer response = hop.response;
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, status);
    lua_setfield(L, -2, "status");
    lua_pushinteger(L, response);
    lua_setfield(L, -2, "response");
    push_copy(L, copy);
    lua_setfield(L, -2, "url");
    lua_rawseti(L, -2, ++count);
  }
  lua_pushinteger(L, headers_of(L).last());
  return 2;
}

}  // namespace luvcurl::lua
