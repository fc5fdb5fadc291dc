#include "lua/transfer.h"

#include <cstring>
#include <new>
#include <string>

#include "core/curl/error.h"
#include "lua/compat.h"
#include "lua/info.h"

namespace luvcurl::lua {

namespace {

// The transfer, or nullptr when there is nothing left that could be done to it.
Transfer *running(lua_State *L) { return Object<TransferObject>::check(L, 1).transfer.get(); }

const Result &result(lua_State *L) { return Object<TransferObject>::check(L, 1).result(); }

// --- control ---

int cancel(lua_State *L) {
  Transfer *transfer = running(L);
  lua_pushboolean(L, transfer != nullptr && transfer->cancel());
  return 1;
}

// t:fail(message[, code])
int fail(lua_State *L) {
  Transfer *transfer = running(L);
  const char *message = luaL_checkstring(L, 2);
  const auto code = luaL_optinteger(L, 3, CURLE_ABORTED_BY_CALLBACK);
  luaL_argcheck(L, code > CURLE_OK && code < CURL_LAST, 3, "not a code of libcurl's");
  lua_pushboolean(L, transfer != nullptr && !transfer->is_settled());
  if (transfer != nullptr) transfer->fail(static_cast<CURLcode>(code), message);
  return 1;
}

int pause(lua_State *L) {
  if (Transfer *transfer = running(L)) transfer->pause();
  return 0;
}

int resume(lua_State *L) {
  if (Transfer *transfer = running(L)) transfer->resume();
  return 0;
}

int ref(lua_State *L) {
  if (Transfer *transfer = running(L)) transfer->keep_loop_alive(true);
  return 0;
}

int unref(lua_State *L) {
  if (Transfer *transfer = running(L)) transfer->keep_loop_alive(false);
  return 0;
}

const char *state_of(const Transfer *transfer) {
  if (transfer == nullptr || transfer->is_settled()) return "done";
  if (transfer->paused()) return "paused";
  return transfer->state() == Transfer::State::queued ? "queued" : "running";
}

int state(lua_State *L) {
  lua_pushstring(L, state_of(running(L)));
  return 1;
}

// --- bodies ---

// t:take([max]): by default a piece
int take(lua_State *L) {
  Transfer *transfer = running(L);
  const auto limit = static_cast<std::size_t>(luaL_optnumber(L, 2, piece_size));
  if (transfer == nullptr) return 0;
  const std::string_view waiting = transfer->waiting().substr(0, limit);
  if (waiting.empty()) return 0;
  lua_pushlstring(L, waiting.data(), waiting.size());
  transfer->take(waiting.size());
  return 1;
}

// t:discard(): returns how many bytes were thrown away since the last call
int discard(lua_State *L) {
  Transfer *transfer = running(L);
  lua_pushinteger(L, transfer != nullptr ? static_cast<lua_Integer>(transfer->discard()) : 0);
  return 1;
}

// t:feed(bytes | nil[, stream]): streams of the body are numbered from 1
int feed(lua_State *L) {
  Transfer *transfer = running(L);
  const auto stream = static_cast<std::size_t>(luaL_optinteger(L, 3, 1) - 1);
  std::size_t size = 0;
  const char *bytes = nullptr;
  if (!lua_isnoneornil(L, 2)) {
    luaL_checktype(L, 2, LUA_TSTRING);
    bytes = lua_tolstring(L, 2, &size);
  }
  if (transfer == nullptr) return 0;
  if (bytes == nullptr) {
    transfer->finish_feed(stream);
  } else {
    transfer->feed(stream, {bytes, size});
  }
  return 0;
}

// t:size(bytes[, stream]): of a stream that was waited for
int size(lua_State *L) {
  const auto bytes = static_cast<std::int64_t>(luaL_checknumber(L, 2));
  const auto stream = static_cast<std::size_t>(luaL_optinteger(L, 3, 1) - 1);
  if (Transfer *transfer = running(L)) transfer->size_of(stream, bytes);
  return 0;
}

int ready(lua_State *L) {
  if (Transfer *transfer = running(L)) transfer->ready();
  return 0;
}

// --- what is known ---

int failure(lua_State *L) {
  const Outcome &outcome = result(L).outcome;
  if (outcome.code == CURLE_OK) return 0;
  lua_pushstring(L, error_name(outcome.code));
  lua_pushstring(
      L, outcome.message.empty() ? curl_easy_strerror(outcome.code) : outcome.message.c_str());
  lua_pushstring(L, phase_name(outcome.phase));
  lua_pushinteger(L, outcome.code);
  return 4;
}

int status(lua_State *L) {
  lua_pushinteger(L, result(L).status());
  return 1;
}

int reason(lua_State *L) {
  const std::string_view text = result(L).headers.reason();
  if (text.empty()) return 0;
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

int url(lua_State *L) {
  const Transfer *transfer = running(L);
  std::string &text = Object<Text>::push(L).text;
  text = transfer != nullptr ? transfer->url() : result(L).url();
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

int http_version(lua_State *L) {
  const Transfer *transfer = running(L);
  long version = result(L).summary.http_version;
  if (version == 0 && transfer != nullptr && transfer->easy() != nullptr)
    version = info_long(transfer->easy(), CURLINFO_HTTP_VERSION);
  switch (version) {
    case CURL_HTTP_VERSION_1_0:
      lua_pushliteral(L, "1.0");
      return 1;
    case CURL_HTTP_VERSION_1_1:
      lua_pushliteral(L, "1.1");
      return 1;
    case CURL_HTTP_VERSION_2_0:
      lua_pushliteral(L, "2");
      return 1;
    case CURL_HTTP_VERSION_3:
      lua_pushliteral(L, "3");
      return 1;
    default:
      return 0;
  }
}

int headers(lua_State *L) {
  static const char *const kinds[] = {"header", "trailer", "1xx", "connect", nullptr};
  const Headers &all = result(L).headers;
  const auto kind = static_cast<Headers::Kind>(luaL_checkoption(L, 2, "header", kinds));
  const auto response = static_cast<int>(luaL_optinteger(L, 3, -1));
  lua_newtable(L);
  int count = 0;
  all.each(kind, response, [&](std::string_view name, std::string_view value) {
    lua_pushlstring(L, name.data(), name.size());
    lua_rawseti(L, -2, ++count);
    lua_pushlstring(L, value.data(), value.size());
    lua_rawseti(L, -2, ++count);
  });
  return 1;
}

int hops(lua_State *L) {
  const std::vector<Headers::Hop> &all = result(L).headers.hops();
  lua_newtable(L);
  int count = 0;
  Text &holder = Object<Text>::push(L);
  for (const Headers::Hop &hop : all) {
    holder.text = without_credentials(hop.url.c_str());
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, hop.status);
    lua_setfield(L, -2, "status");
    lua_pushinteger(L, hop.response);
    lua_setfield(L, -2, "response");
    lua_pushlstring(L, holder.text.data(), holder.text.size());
    lua_setfield(L, -2, "url");
    lua_rawseti(L, -3, ++count);
  }
  lua_pop(L, 1);
  return 1;
}

int timings(lua_State *L) {
  const Timings &all = result(L).summary.timings;
  const struct {
    const char *name;
    std::int64_t microseconds;
  } entries[] = {{"queue", all.queue}, {"resolve", all.resolve},  {"connect", all.connect},
                 {"tls", all.tls},     {"send", all.send},        {"wait", all.wait},
                 {"total", all.total}, {"redirect", all.redirect}};
  lua_createtable(L, 0, 8);
  for (const auto &entry : entries) {
    lua_pushnumber(L, static_cast<lua_Number>(entry.microseconds) / 1000);
    lua_setfield(L, -2, entry.name);
  }
  return 1;
}

int info(lua_State *L) {
  const Transfer *transfer = running(L);
  const char *name = luaL_checkstring(L, 2);
  return push_info(L, result(L), transfer != nullptr ? transfer->easy() : nullptr, name);
}

int to_string(lua_State *L) {
  lua_pushfstring(L, "luvcurl transfer: %p", lua_touserdata(L, 1));
  return 1;
}

// Ends the transfer it holds when it is collected. Made before the transfer, so that there is
// memory for it.
struct Leash {
  static constexpr const char *type_name = "luvcurl.leash";
  Leash() = default;
  ~Leash() {
    if (transfer) transfer->cancel();
  }
  Leash(const Leash &) = delete;
  Leash &operator=(const Leash &) = delete;
  std::shared_ptr<Transfer> transfer;
};

int hold(lua_State *L) {
  Object<Leash>::check(L, 1).transfer = Object<TransferObject>::check(L, 2).transfer;
  return 0;
}

}  // namespace

// What is streamed may have a body to be taken still.
void TransferObject::settle() noexcept {
  if (!transfer || transfer->streams()) return;
  try {
    left = transfer->release_result();
    transfer.reset();
  } catch (const std::bad_alloc &) {
    // Then all of it stays as long as the userdata.
  }
}

int new_leash(lua_State *L) {
  Object<Leash>::push(L);
  return 1;
}

void define_transfer(lua_State *L) {
  static const luaL_Reg methods[] = {{"cancel", guarded<cancel>},
                                     {"fail", guarded<fail>},
                                     {"pause", guarded<pause>},
                                     {"resume", guarded<resume>},
                                     {"ref", guarded<ref>},
                                     {"unref", guarded<unref>},
                                     {"state", guarded<state>},
                                     {"take", guarded<take>},
                                     {"discard", guarded<discard>},
                                     {"feed", guarded<feed>},
                                     {"size", guarded<size>},
                                     {"ready", guarded<ready>},
                                     {"failure", guarded<failure>},
                                     {"status", guarded<status>},
                                     {"reason", guarded<reason>},
                                     {"headers", guarded<headers>},
                                     {"url", guarded<url>},
                                     {"http_version", guarded<http_version>},
                                     {"hops", guarded<hops>},
                                     {"timings", guarded<timings>},
                                     {"info", guarded<info>},
                                     {"__tostring", to_string},
                                     {nullptr, nullptr}};
  Object<TransferObject>::define(L, methods);
  static const luaL_Reg leash_methods[] = {{"hold", guarded<hold>}, {nullptr, nullptr}};
  Object<Leash>::define(L, leash_methods);
}

}  // namespace luvcurl::lua
