#include "lua/digest.h"

#include <cstdio>

#include "lua/object.h"
#include "lua/sha256.h"

namespace luvcurl::lua {

namespace {

struct Digest {
  static constexpr const char *type_name = "luvcurl.digest";
  static constexpr Slot slot = Slot::digest;
  Sha256 sha256;
};

int update(lua_State *L) {
  Digest &digest = Object<Digest>::check(L, 1);
  std::size_t size = 0;
  const char *bytes = luaL_checklstring(L, 2, &size);
  if (!digest.sha256.update(bytes, size)) return luaL_error(L, "sha256: update failed");
  return 0;
}

// hex(): of all bytes so far; more may follow.
int hex(lua_State *L) {
  Sha256::Digest bytes{};
  if (!Object<Digest>::check(L, 1).sha256.digest(&bytes)) return luaL_error(L, "sha256: failed");
  char text[2 * sizeof bytes + 1];
  for (std::size_t i = 0; i < bytes.size(); ++i) std::snprintf(text + 2 * i, 3, "%02x", bytes[i]);
  lua_pushlstring(L, text, 2 * bytes.size());
  return 1;
}

}  // namespace

int new_digest(lua_State *L) {
  if (!Object<Digest>::push(L).sha256.is_ready()) return luaL_error(L, "sha256: not available");
  return 1;
}

void define_digest(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"update", guarded<update>}, {"hex", guarded<hex>}, {nullptr, nullptr}};
  Object<Digest>::define(L, methods);
}

}  // namespace luvcurl::lua
