#include "lua/info.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "core/curl/info.h"
#include "core/curl/url.h"
#include "lua/compat.h"

namespace luvcurl::lua {

namespace {

using Texts = std::vector<std::string>;

Texts texts_of(const curl_slist *list) {
  Texts texts;
  for (; list != nullptr; list = list->next) texts.emplace_back(list->data);
  return texts;
}

void push_texts(lua_State *L, const Texts &texts) {
  lua_createtable(L, static_cast<int>(texts.size()), 0);
  int i = 0;
  for (const std::string &text : texts) {
    push_copy(L, text);
    lua_rawseti(L, -2, ++i);
  }
}

int push_certificates(lua_State *L, CURL *easy, InfoCopy &copy) {
  curl_certinfo *certificates = nullptr;  // libcurl's own, not to be freed
  if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &certificates) != CURLE_OK ||
      certificates == nullptr)
    return 0;
  for (int i = 0; i < certificates->num_of_certs; ++i)
    copy.lists.push_back(texts_of(certificates->certinfo[i]));
  lua_createtable(L, static_cast<int>(copy.lists.size()), 0);
  int i = 0;
  for (const Texts &certificate : copy.lists) {
    push_texts(L, certificate);
    lua_rawseti(L, -2, ++i);
  }
  return 1;
}

int push_number(lua_State *L, long long number) {
  push_int64(L, number);
  return 1;
}

// What is libcurl's own is copied before Lua's memory is asked for: a finalizer of the script's
// that runs then may run the loop, in which the handle goes on, or away.
int push_from_easy(lua_State *L, CURL *easy, const InfoName &info, InfoCopy &copy) {
  if (info.id == CURLINFO_CERTINFO) return push_certificates(L, easy, copy);
  switch (static_cast<int>(info.id) & CURLINFO_TYPEMASK) {
    case CURLINFO_STRING: {
      const char *text = nullptr;
      if (curl_easy_getinfo(easy, info.id, &text) != CURLE_OK || text == nullptr) return 0;
      const bool is_url = info.id == CURLINFO_EFFECTIVE_URL || info.id == CURLINFO_REDIRECT_URL;
      copy.text = is_url ? without_credentials(text) : text;  // a URL may have a password in it
      return push_copy(L, copy.text);
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
      curl_slist *list = nullptr;
      if (curl_easy_getinfo(easy, info.id, &list) != CURLE_OK) return 0;
      copy.lists.push_back(texts_of(SlistPtr(list).get()));
      push_texts(L, copy.lists.back());
      return 1;
    }
    default:
      return 0;
  }
}

std::string content_type(const Headers &headers) {
  std::string found;
  headers.each(Headers::Kind::header, -1, [&found](std::string_view name, std::string_view value) {
    if (curl_strequal(std::string(name).c_str(), "content-type") != 0) found = value;
  });
  return found;
}

// A number that is kept; false when the info is none.
bool find_number(const Result &result, CURLINFO id, std::int64_t &number) {
  const Summary &summary = result.summary;
  // The summary counts from add, libcurl's infos from when it got the transfer.
  const auto since_start = [&summary](std::int64_t step) {
    return step == 0 ? 0 : step - summary.timings.queue;
  };
  const std::pair<CURLINFO, std::int64_t> numbers[] = {
      {CURLINFO_RESPONSE_CODE, summary.status},
      {CURLINFO_HTTP_VERSION, summary.http_version},
      {CURLINFO_NUM_CONNECTS, summary.connections},
      {CURLINFO_NAMELOOKUP_TIME_T, since_start(summary.timings.resolve)},
      {CURLINFO_CONNECT_TIME_T, since_start(summary.timings.connect)},
      {CURLINFO_APPCONNECT_TIME_T, since_start(summary.timings.tls)},
      {CURLINFO_PRETRANSFER_TIME_T, since_start(summary.timings.send)},
      {CURLINFO_STARTTRANSFER_TIME_T, since_start(summary.timings.wait)},
      {CURLINFO_REDIRECT_TIME_T, summary.timings.redirect},
      {CURLINFO_TOTAL_TIME_T, since_start(summary.timings.total)},
      {CURLINFO_REQUEST_SIZE, summary.request_size},
      {CURLINFO_HEADER_SIZE, summary.header_size},
      {CURLINFO_SIZE_UPLOAD_T, summary.uploaded},
      {CURLINFO_SIZE_DOWNLOAD_T, summary.downloaded},
      {CURLINFO_REDIRECT_COUNT, static_cast<std::int64_t>(result.headers.hops().size())},
      {CURLINFO_PRIMARY_PORT, summary.primary_port},
      {CURLINFO_LOCAL_PORT, summary.local_port}};
  const auto *const found = std::find_if(std::begin(numbers), std::end(numbers),
                                         [id](const auto &one) { return one.first == id; });
  if (found == std::end(numbers)) return false;
  number = found->second;
  return true;
}

int push_from_result(lua_State *L, const Result &result, const InfoName &info, InfoCopy &copy) {
  std::int64_t number = 0;
  if (find_number(result, info.id, number)) return push_number(L, number);
  switch (info.id) {
    case CURLINFO_EFFECTIVE_URL:
      copy.text = result.url();
      break;
    case CURLINFO_PRIMARY_IP:
      copy.text = result.summary.primary_ip;
      break;
    case CURLINFO_LOCAL_IP:
      copy.text = result.summary.local_ip;
      break;
    case CURLINFO_SCHEME:
      copy.text = result.url();
      copy.text.resize(std::min(copy.text.size(), copy.text.find(':')));
      break;
    case CURLINFO_CONTENT_TYPE:
      copy.text = content_type(result.headers);
      if (copy.text.empty()) return 0;
      break;
    default:
      return luaL_error(L,
                        "info '%s' is not kept after the end: ask for it by infos = { '%s' } in "
                        "the request",
                        info.name.c_str(), info.name.c_str());
  }
  return push_copy(L, copy.text);
}

}  // namespace

std::string &push_text(lua_State *L) { return Object<Text>::push(L).text; }

int push_copy(lua_State *L, const std::string &copy) {
  lua_pushlstring(L, copy.data(), copy.size());
  return 1;
}

InfoCopy &push_info_copy(lua_State *L) { return Object<InfoCopy>::push(L); }

int push_info(lua_State *L, const Result &result, CURL *easy, const char *name, InfoCopy &copy) {
  const InfoName *info = find_info(name);
  if (info == nullptr) return luaL_error(L, "unknown info '%s'", name);
  return easy != nullptr ? push_from_easy(L, easy, *info, copy)
                         : push_from_result(L, result, *info, copy);
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
  Object<InfoCopy>::define(L, no_methods);
  Object<Text>::define(L, no_methods);
}

}  // namespace luvcurl::lua
