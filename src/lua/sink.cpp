#include "lua/sink.h"

#include <cstring>
#include <string>

#include "core/transfer.h"
#include "lua/compat.h"

namespace luvcurl::lua {

// Pushes sink.method, sink, transfer.
int LuaSink::push_method(lua_State *L, const Call &call) {
  call.sink->host_.push(L, call.sink->transfer_);
  const int transfer = lua_gettop(L);
  push_attached(L, transfer);
  lua_getfield(L, -1, call.method);
  lua_insert(L, -2);
  lua_pushvalue(L, transfer);
  return 3;
}

// --- response, data, read, progress: an error fails the transfer ---

int LuaSink::event(lua_State *L) {
  auto &call = *static_cast<Call *>(lua_touserdata(L, 1));
  push_method(L, call);
  if (std::strcmp(call.method, "progress") != 0) {
    lua_pushinteger(L, static_cast<lua_Integer>(call.stream) + 1);
    lua_call(L, 3, 0);
    return 0;
  }
  const Progress &progress = call.transfer->progress();
  for (const std::int64_t count :
       {progress.down, progress.down_total, progress.up, progress.up_total})
    lua_pushnumber(L, static_cast<lua_Number>(count));
  lua_call(L, 6, 0);
  return 0;
}

int LuaSink::guarded_event(lua_State *L) {
  auto &call = *static_cast<Call *>(lua_touserdata(L, 1));
  lua_pushcfunction(L, &traceback);
  lua_pushcfunction(L, &event);
  lua_pushvalue(L, 1);
  const int status = lua_pcall(L, 1, 0, 2);
  call.reached = true;
  if (status == 0) return 0;
  std::size_t size = 0;
  const char *message = lua_tolstring(L, -1, &size);
  try {
    call.transfer->fail(CURLE_ABORTED_BY_CALLBACK,
                        std::string("error in ") + call.method + ": " +
                            (message != nullptr ? std::string(message, size) : std::string()));
  } catch (const std::bad_alloc &) {
    call.transfer->fail(CURLE_OUT_OF_MEMORY, {});
  }
  return 0;
}

void LuaSink::call(Transfer &transfer, const char *method, std::size_t stream) noexcept {
  Call call{this, &transfer, method, stream};
  host_.run(&guarded_event, &call);
  if (!call.reached) transfer.fail(CURLE_OUT_OF_MEMORY, {});
}

// --- done: an error is the host's to report ---

int LuaSink::finish(lua_State *L) {
  auto &call = *static_cast<Call *>(lua_touserdata(L, 1));
  push_method(L, call);
  const CURLcode code = call.failed ? CURLE_OUT_OF_MEMORY : call.transfer->outcome().code;
  lua_pushinteger(L, code);
  lua_pushinteger(L, static_cast<lua_Integer>(call.transfer->summary().status));
  if (call.failed || call.transfer->streams()) {
    lua_pushnil(L);
  } else {
    const std::string &body = call.transfer->body();
    lua_pushlstring(L, body.data(), body.size());
    call.transfer->drop_body();
  }
  call.reached = true;
  lua_call(L, 5, 0);
  return 0;
}

int LuaSink::guarded_done(lua_State *L) {
  auto &call = *static_cast<Call *>(lua_touserdata(L, 1));
  lua_pushcfunction(L, &traceback);
  for (int attempt = 0; attempt < 2; ++attempt) {
    lua_pushcfunction(L, &finish);
    lua_pushvalue(L, 1);
    if (lua_pcall(L, 1, 0, 2) == 0) return 0;
    if (call.reached) break;
    // The body, most likely, does not fit into Lua's memory: the transfer ends with that error
    // instead.
    call.failed = true;
    call.transfer->drop_body();
    call.transfer->fail_late(CURLE_OUT_OF_MEMORY);
    lua_settop(L, 2);
  }
  return lua_error(L);
}

void LuaSink::done(Transfer &transfer) noexcept {
  Call call{this, &transfer, "done"};
  host_.run(&guarded_done, &call);
  if (!call.reached) host_.run(&guarded_done, &call);  // there was no memory even to begin
  host_.release(transfer_);
}

}  // namespace luvcurl::lua
