#include "lua/info.h"

#include <cstring>
#include <string>

#include "core/curl/info.h"
#include "core/curl/url.h"
#include "lua/compat.h"

namespace luvcurl::lua {

namespace {

// Frees a list that libcurl hands over, even when pushing its items raises.
struct SlistObject {
  static constexpr const char *type_name = "luvcurl.slist";
  SlistPtr list;
};

void push_list(lua_State *L, const curl_slist *list) {
  lua_newtable(L);
  for (int i = 1; list != nullptr; list = list->next, ++i) {
    lua_pushstring(L, list->data);
    lua_rawseti(L, -2, i);
  }
}

int push_certificates(lua_State *L, CURL *easy) {
  curl_certinfo *certificates = nullptr;  // libcurl's own, not to be freed
  if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &certificates) != CURLE_OK ||
      certificates == nullptr)
    return 0;
  lua_createtable(L, certificates->num_of_certs, 0);
  for (int i = 0; i < certificates->num_of_certs; ++i) {
    push_list(L, certificates->certinfo[i]);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

// A URL may have a password in it.
int push_without_credentials(lua_State *L, const char *url) {
  if (url == nullptr) return 0;
  std::string &text = Object<Text>::push(L).text;
  text = without_credentials(url);
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

int push_number(lua_State *L, long long number) {
  push_int64(L, number);
  return 1;
}

int push_from_easy(lua_State *L, CURL *easy, const InfoName &info) {
  if (info.id == CURLINFO_CERTINFO) return push_certificates(L, easy);
  if (info.id == CURLINFO_EFFECTIVE_URL || info.id == CURLINFO_REDIRECT_URL) {
    const char *url = nullptr;
    if (curl_easy_getinfo(easy, info.id, &url) != CURLE_OK) return 0;
    return push_without_credentials(L, url);
  }
  switch (static_cast<int>(info.id) & CURLINFO_TYPEMASK) {
    case CURLINFO_STRING: {
      const char *text = nullptr;
      if (curl_easy_getinfo(easy, info.id, &text) != CURLE_OK || text == nullptr) return 0;
      lua_pushstring(L, text);
      return 1;
    }
    case CURLINFO_LONG:
      return push_number(L, info_long(easy, info.id));
    case CURLINFO_OFF_T:
      return push_number(L, info_size(easy, info.id));
    case CURLINFO_DOUBLE: {
      double number = 0;
      if (curl_easy_getinfo(easy, info.id, &number) != CURLE_OK) return 0;
      lua_pushnumber(L, number);
      return 1;
    }
    case CURLINFO_SOCKET: {
      curl_socket_t fd = CURL_SOCKET_BAD;
      if (curl_easy_getinfo(easy, info.id, &fd) != CURLE_OK || fd == CURL_SOCKET_BAD) return 0;
      lua_pushinteger(L, fd);
      return 1;
    }
    case CURLINFO_SLIST: {
      if (info.id != CURLINFO_SSL_ENGINES && info.id != CURLINFO_COOKIELIST)
        return luaL_error(L, "info '%s' is a pointer, of no use to Lua", info.name.c_str());
      auto &holder = Object<SlistObject>::push(L);
      curl_slist *list = nullptr;
      if (curl_easy_getinfo(easy, info.id, &list) != CURLE_OK) return 0;
      holder.list.reset(list);
      push_list(L, list);
      return 1;
    }
    default:
      return 0;
  }
}

int push_url(lua_State *L, const Result &result) {
  std::string &text = Object<Text>::push(L).text;
  text = result.url();
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

int push_from_result(lua_State *L, const Result &result, const InfoName &info) {
  const Summary &summary = result.summary;
  // The summary counts from add, libcurl's infos from when it got the transfer.
  const auto since_start = [&summary](std::int64_t step) {
    return step == 0 ? 0 : step - summary.timings.queue;
  };
  switch (info.id) {
    case CURLINFO_EFFECTIVE_URL:
      return push_url(L, result);
    case CURLINFO_RESPONSE_CODE:
      return push_number(L, summary.status);
    case CURLINFO_HTTP_VERSION:
      return push_number(L, summary.http_version);
    case CURLINFO_NUM_CONNECTS:
      return push_number(L, summary.connections);
    case CURLINFO_NAMELOOKUP_TIME_T:
      return push_number(L, since_start(summary.timings.resolve));
    case CURLINFO_CONNECT_TIME_T:
      return push_number(L, since_start(summary.timings.connect));
    case CURLINFO_APPCONNECT_TIME_T:
      return push_number(L, since_start(summary.timings.tls));
    case CURLINFO_PRETRANSFER_TIME_T:
      return push_number(L, since_start(summary.timings.send));
    case CURLINFO_STARTTRANSFER_TIME_T:
      return push_number(L, since_start(summary.timings.wait));
    case CURLINFO_REDIRECT_TIME_T:
      return push_number(L, summary.timings.redirect);
    case CURLINFO_TOTAL_TIME_T:
      return push_number(L, since_start(summary.timings.total));
    default:
      return 0;
  }
}

}  // namespace

int push_info(lua_State *L, const Result &result, CURL *easy, const char *name) {
  const InfoName *info = find_info(name);
  if (info == nullptr) return luaL_error(L, "unknown info '%s'", name);
  return easy != nullptr ? push_from_easy(L, easy, *info) : push_from_result(L, result, *info);
}

int all_info_names(lua_State *L) {
  const auto &names = info_names();
  lua_createtable(L, static_cast<int>(names.size()), 0);
  int i = 0;
  for (const InfoName &info : names) {
    lua_pushlstring(L, info.name.data(), info.name.size());
    lua_rawseti(L, -2, ++i);
  }
  return 1;
}

void define_info(lua_State *L) {
  static const luaL_Reg no_methods[] = {{nullptr, nullptr}};
  Object<SlistObject>::define(L, no_methods);
  Object<Text>::define(L, no_methods);
}

}  // namespace luvcurl::lua
