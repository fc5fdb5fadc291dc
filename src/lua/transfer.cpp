#include "lua/transfer.h"

#include <cstring>
#include <new>
#include <string>

#include "core/curl/error.h"
#include "core/curl/os_error.h"
#include "lua/compat.h"
#include "lua/headers.h"
#include "lua/info.h"

namespace luvcurl::lua {

namespace {

// The transfer, or nullptr when there is nothing left that could be done to it. To be asked for
// after all arguments: reading them may make a string, and a finalizer of the script's that runs
// then may run the loop, in which the transfer ends. So may whatever makes a value: see push_copy.
Transfer *running(lua_State *L) {
  const TransferObject *object = Object<TransferObject>::find(L, 1);
  return object != nullptr ? object->transfer.get() : nullptr;
}

const Result &result(lua_State *L) { return Object<TransferObject>::check(L, 1).result(); }

// --- control ---

int cancel(lua_State *L) {
  Transfer *transfer = running(L);
  lua_pushboolean(L, transfer != nullptr && transfer->cancel());
  return 1;
}

// t:fail(message[, code])
int fail(lua_State *L) {
  const char *message = luaL_checkstring(L, 2);
  const auto code = luaL_optinteger(L, 3, CURLE_ABORTED_BY_CALLBACK);
  luaL_argcheck(L, code > CURLE_OK && code < CURL_LAST, 3, "not a code of libcurl's");
  Transfer *transfer = running(L);
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
  const auto limit = static_cast<std::size_t>(luaL_optnumber(L, 2, piece_size));
  TransferObject *object = Object<TransferObject>::find(L, 1);
  while (object != nullptr && object->transfer) {
    const std::string_view bytes = object->transfer->waiting().substr(0, limit);
    if (bytes.empty()) return 0;
    const std::uint64_t position = object->transfer->position();
    const std::size_t lent = object->lent.size();
    object->lent.push_back(object->transfer->lend());
    lua_pushlstring(L, bytes.data(), bytes.size());
    object->lent.resize(lent);
    if (object->transfer->position() == position) {
      object->transfer->take(bytes.size());
      return 1;
    }
    lua_pop(L, 1);  // a finalizer that ran meanwhile has taken them
  }
  return 0;
}

// t:discard(): returns how many bytes were thrown away since the last call
int discard(lua_State *L) {
  Transfer *transfer = running(L);
  lua_pushinteger(L, transfer != nullptr ? static_cast<lua_Integer>(transfer->discard()) : 0);
  return 1;
}

// t:feed(bytes | nil[, stream]): streams of the body are numbered from 1
int feed(lua_State *L) {
  const auto stream = static_cast<std::size_t>(luaL_optinteger(L, 3, 1) - 1);
  std::size_t size = 0;
  const char *bytes = nullptr;
  if (!lua_isnoneornil(L, 2)) {
    luaL_checktype(L, 2, LUA_TSTRING);
    bytes = lua_tolstring(L, 2, &size);
  }
  Transfer *transfer = running(L);
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
  const char *name = outcome.name != nullptr ? outcome.name : shortage_name(outcome.os_error);
  lua_pushstring(L, name != nullptr ? name : error_name(outcome.code));
  lua_pushstring(
      L, outcome.message.empty() ? curl_easy_strerror(outcome.code) : outcome.message.c_str());
  lua_pushstring(L, phase_name(outcome.phase));
  lua_pushinteger(L, outcome.code);
  if (outcome.os_error == 0) return 4;
  lua_pushinteger(L, outcome.os_error);
  return 5;
}

int status(lua_State *L) {
  lua_pushinteger(L, result(L).status());
  return 1;
}

int reason(lua_State *L) {
  std::string &text = push_text(L);
  text = result(L).headers.reason();
  return text.empty() ? 0 : push_copy(L, text);
}

int url(lua_State *L) {
  std::string &text = push_text(L);
  const Transfer *transfer = running(L);
  text = transfer != nullptr ? transfer->url() : result(L).url();
  return push_copy(L, text);
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
  const char *name = luaL_checkstring(L, 2);
  InfoCopy &copy = push_info_copy(L);
  const Transfer *transfer = running(L);
  return push_info(L, result(L), transfer != nullptr ? transfer->easy() : nullptr, name, copy);
}

int to_string(lua_State *L) {
  lua_pushfstring(L, "luvcurl transfer: %p", lua_touserdata(L, 1));
  return 1;
}

// Ends the transfer it holds when it is collected. Made before the transfer, so that there is
// memory for it.
struct Leash {
  static constexpr const char *type_name = "luvcurl.leash";
  static constexpr Slot slot = Slot::leash;
  Leash() = default;
  ~Leash() {
    if (transfer) transfer->cancel();
  }
  Leash(const Leash &) = delete;
  Leash &operator=(const Leash &) = delete;
  std::shared_ptr<Transfer> transfer;
};

int hold(lua_State *L) {
  Leash *leash = Object<Leash>::find(L, 1);
  const TransferObject *object = Object<TransferObject>::find(L, 2);
  if (leash != nullptr && object != nullptr) leash->transfer = object->transfer;
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
                                     {"headers", guarded<push_headers>},
                                     {"url", guarded<url>},
                                     {"http_version", guarded<http_version>},
                                     {"hops", guarded<push_hops>},
                                     {"timings", guarded<timings>},
                                     {"info", guarded<info>},
                                     {"__tostring", to_string},
                                     {nullptr, nullptr}};
  Object<TransferObject>::define(L, methods);
  static const luaL_Reg leash_methods[] = {{"hold", guarded<hold>}, {nullptr, nullptr}};
  Object<Leash>::define(L, leash_methods);
}

}  // namespace luvcurl::lua
