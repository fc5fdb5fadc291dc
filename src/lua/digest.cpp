#include "lua/digest.h"

#include <openssl/evp.h>

#include <array>
#include <cstdio>
#include <memory>

#include "core/curl/curl_ptr.h"
#include "lua/object.h"

namespace luvcurl::lua {

namespace {

struct Digest {
  static constexpr const char *type_name = "luvcurl.digest";
  static constexpr Slot slot = Slot::digest;
  std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>> context;
};

int update(lua_State *L) {
  Digest &digest = Object<Digest>::check(L, 1);
  std::size_t size = 0;
  const char *bytes = luaL_checklstring(L, 2, &size);
  if (EVP_DigestUpdate(digest.context.get(), bytes, size) != 1)
    return luaL_error(L, "sha256: update failed");
  return 0;
}

// hex(): of all bytes so far; more may follow.
int hex(lua_State *L) {
  Digest &digest = Object<Digest>::check(L, 1);
  Digest &copy = Object<Digest>::push(L);
  copy.context.reset(EVP_MD_CTX_new());
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int size = 0;
  if (!copy.context || EVP_MD_CTX_copy_ex(copy.context.get(), digest.context.get()) != 1 ||
      EVP_DigestFinal_ex(copy.context.get(), bytes.data(), &size) != 1)
    return luaL_error(L, "sha256: failed");
  char text[2 * EVP_MAX_MD_SIZE + 1];
  for (unsigned int i = 0; i < size; ++i) std::snprintf(text + 2 * i, 3, "%02x", bytes[i]);
  lua_pushlstring(L, text, 2 * static_cast<std::size_t>(size));
  return 1;
}

}  // namespace

int new_digest(lua_State *L) {
  Digest &digest = Object<Digest>::push(L);
  digest.context.reset(EVP_MD_CTX_new());
  if (!digest.context || EVP_DigestInit_ex(digest.context.get(), EVP_sha256(), nullptr) != 1)
    return luaL_error(L, "sha256: not available");
  return 1;
}

void define_digest(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"update", guarded<update>}, {"hex", guarded<hex>}, {nullptr, nullptr}};
  Object<Digest>::define(L, methods);
}

}  // namespace luvcurl::lua
