#include <curl/curl.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "core/curl/global.h"
#include "core/curl/url.h"
#include "lua/digest.h"
#include "lua/export.h"
#include "lua/form.h"
#include "lua/host.h"
#include "lua/info.h"
#include "lua/leftover.h"
#include "lua/multi.h"
#include "lua/shutdown.h"
#include "lua/sink.h"
#include "lua/transfer.h"
#include "lua/value.h"

namespace luvcurl::lua {

namespace {

// --- URLs ---

// What core.url works with, in Lua's hands so that errors may be raised at any point.
struct UrlObject {
  static constexpr const char *type_name = "luvcurl.url";
  static constexpr Slot slot = Slot::url;
  std::string url, base, error, result;
  std::vector<std::pair<std::string, std::string>> query;
};

std::string check_text(lua_State *L, int index) {
  std::size_t size = 0;
  const char *text = luaL_checklstring(L, index, &size);
  return std::string(text, size);
}

// core.url(url[, base[, {name, value, …}[, path_as_is[, no_user]]]])
int url(lua_State *L) {
  luaL_checktype(L, 1, LUA_TSTRING);
  if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TSTRING);
  if (!lua_isnoneornil(L, 3)) luaL_checktype(L, 3, LUA_TTABLE);
  const UrlRules rules{lua_toboolean(L, 4) != 0, lua_toboolean(L, 5) != 0};
  lua_settop(L, 3);
  auto &work = Object<UrlObject>::push(L);
  work.url = check_text(L, 1);
  if (!lua_isnil(L, 2)) work.base = check_text(L, 2);
  for (int i = 1; !lua_isnil(L, 3); i += 2) {
    lua_rawgeti(L, 3, i);
    if (lua_isnil(L, -1)) break;
    lua_rawgeti(L, 3, i + 1);
    if (lua_type(L, -1) != LUA_TSTRING || lua_type(L, -2) != LUA_TSTRING)
      return luaL_error(L, "query: expected strings");
    work.query.emplace_back(check_text(L, -2), check_text(L, -1));
    lua_settop(L, 4);
  }
  if ((work.url + work.base).find('\0') != std::string::npos)
    return luaL_error(L, "url: contains a NUL byte");
  work.result = build_url(work.url, work.base, work.query, &work.error, rules);
  if (work.result.empty()) {
    work.result = without_credentials(work.url.c_str());
    return luaL_error(L, "url: %s: %s", work.error.c_str(), work.result.c_str());
  }
  lua_pushlstring(L, work.result.data(), work.result.size());
  return 1;
}

int escape(lua_State *L) {
  std::size_t size = 0;
  const char *text = luaL_checklstring(L, 1, &size);
  if (size == 0) {  // libcurl takes a length of 0 for "measure it"
    lua_pushliteral(L, "");
    return 1;
  }
  auto &work = Object<UrlObject>::push(L);
  {
    const CurlString escaped(curl_easy_escape(nullptr, text, static_cast<int>(size)));
    if (!escaped) throw std::bad_alloc();
    work.result = escaped.get();
  }
  lua_pushlstring(L, work.result.data(), work.result.size());
  return 1;
}

// --- version ---

struct Feature {
  int bit;
  const char *name;
};

// libcurl names its features itself since 7.87; before, they are bits.
constexpr Feature features[] = {{CURL_VERSION_ALTSVC, "alt-svc"},
                                {CURL_VERSION_ASYNCHDNS, "AsynchDNS"},
                                {CURL_VERSION_BROTLI, "brotli"},
                                {CURL_VERSION_HTTP2, "HTTP2"},
                                {CURL_VERSION_HTTP3, "HTTP3"},
                                {CURL_VERSION_HTTPS_PROXY, "HTTPS-proxy"},
                                {CURL_VERSION_IDN, "IDN"},
                                {CURL_VERSION_IPV6, "IPv6"},
                                {CURL_VERSION_LARGEFILE, "Largefile"},
                                {CURL_VERSION_LIBZ, "libz"},
                                {CURL_VERSION_NTLM, "NTLM"},
                                {CURL_VERSION_PSL, "PSL"},
                                {CURL_VERSION_SPNEGO, "SPNEGO"},
                                {CURL_VERSION_SSL, "SSL"},
                                {CURL_VERSION_UNIX_SOCKETS, "UnixSockets"},
                                {CURL_VERSION_ZSTD, "zstd"}};

void push_features(lua_State *L, const curl_version_info_data &info) {
  lua_newtable(L);
  int count = 0;
#if LIBCURL_VERSION_NUM >= 0x075700
  if (info.age >= CURLVERSION_ELEVENTH && info.feature_names != nullptr) {
    for (const char *const *name = info.feature_names; *name != nullptr; ++name) {
      lua_pushstring(L, *name);
      lua_rawseti(L, -2, ++count);
    }
    return;
  }
#endif
  for (const Feature &feature : features) {
    if ((info.features & feature.bit) == 0) continue;
    lua_pushstring(L, feature.name);
    lua_rawseti(L, -2, ++count);
  }
}

void set_text(lua_State *L, const char *field, const char *text) {
  if (text == nullptr) return;
  lua_pushstring(L, text);
  lua_setfield(L, -2, field);
}

int version(lua_State *L) {
  const curl_version_info_data &info = *curl_version_info(CURLVERSION_NOW);
  const char *libuv = Host::of(L).loop()->uv().version_string();
  lua_newtable(L);
  set_text(L, "luvcurl", LUVCURL_VERSION);
  set_text(L, "libcurl", info.version);
  set_text(L, "ssl", info.ssl_version);
  set_text(L, "ca_file", info.cainfo);
  set_text(L, "ca_path", info.capath);
  set_text(L, "libuv", libuv);
  lua_newtable(L);
  int count = 0;
  for (const char *const *name = info.protocols; *name != nullptr; ++name) {
    lua_pushstring(L, *name);
    lua_rawseti(L, -2, ++count);
  }
  lua_setfield(L, -2, "protocols");
  push_features(L, info);
  lua_setfield(L, -2, "features");
  return 1;
}

int call_elsewhere(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  luaL_checktype(L, 3, LUA_TFUNCTION);
  Host::of(L).call_elsewhere(L, 1);
  return 0;
}

int report(lua_State *L) {
  luaL_checktype(L, 1, LUA_TSTRING);
  lua_settop(L, 1);
  Host::of(L).report(L);
  return 0;
}

// For want of descriptors: gives up connections that are kept for later; whether there were any.
int spare(lua_State *L) {
  lua_pushboolean(L, Host::of(L).loop()->spare());
  return 1;
}

// Pushes the module's table.
int open(lua_State *L) {
  if (const char *error = global_init()) return luaL_error(L, "luvcurl: %s", error);
  Host::open(L);
  LuaSink::open(L, Host::of(L));
  static const luaL_Reg no_methods[] = {{nullptr, nullptr}};
  Object<OptionsObject>::define(L, no_methods);
  Object<UrlObject>::define(L, no_methods);
  define_digest(L);
  define_form(L);
  define_info(L);
  define_leftover(L);
  define_multi(L);
  define_shutdown(L);
  define_transfer(L);
  static const luaL_Reg functions[] = {{"version", guarded<version>},
                                       {"options", guarded<new_options>},
                                       {"accepts", guarded<accepts>},
                                       {"option_kind", guarded<option_kind>},
                                       {"option_names", guarded<all_option_names>},
                                       {"info_names", guarded<all_info_names>},
                                       {"url", guarded<url>},
                                       {"escape", guarded<escape>},
                                       {"multi", guarded<new_multi>},
                                       {"call_elsewhere", guarded<call_elsewhere>},
                                       {"report", guarded<report>},
                                       {"leash", guarded<new_leash>},
                                       {"spare", guarded<spare>},
                                       {"leftover", guarded<new_leftover>},
                                       {"sha256", guarded<new_digest>},
                                       {"shut_down", guarded<shut_down>},
                                       {"release", guarded<release>},
                                       {"host_died", guarded<host_died>},
                                       {nullptr, nullptr}};
  lua_newtable(L);
  for (const luaL_Reg *function = functions; function->name != nullptr; ++function) {
    push_function(L, function->func);
    lua_setfield(L, -2, function->name);
  }
  return 1;
}

// A script may forget the loaded modules and require them again (every reload of a plugin does)
// while transfers are in flight: a state has one module, with one host, as long as it lives.
// Another copy of luvcurl's files is another module.
int open_once(lua_State *L) {
  static const char here = 0;
  lua_pushfstring(L, "luvcurl_core %p", static_cast<const void *>(&here));
  const int name = lua_gettop(L);
  lua_pushvalue(L, name);
  lua_rawget(L, LUA_REGISTRYINDEX);
  if (lua_istable(L, -1)) return 1;
  lua_newtable(L);
  lua_pushcclosure(L, guarded<open>, 1);
  lua_call(L, 0, 1);
  lua_pushvalue(L, name);
  lua_pushvalue(L, -2);
  lua_rawset(L, LUA_REGISTRYINDEX);
  return 1;
}

}  // namespace

}  // namespace luvcurl::lua

/// The loader's door into the module: a lua_CFunction that pushes the module's table.
extern "C" LUVCURL_EXPORT int luvcurl_open(lua_State *L);
extern "C" int luvcurl_open(lua_State *L) {
  return luvcurl::lua::guarded<luvcurl::lua::open_once>(L);
}
