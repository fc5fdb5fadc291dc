#include "lua/sink.h"

#include <string>

#include "core/transfer/transfer.h"
#include "lua/compat.h"
#include "lua/transfer.h"

namespace luvcurl::lua {

namespace {

// By LuaSink::Method.
const char *const method_names[] = {"response", "data", "rewind", "read", "progress", "done"};

// Upvalues of the functions that call Lua (inner), and of those that guard them (outer).
// The first is the own table.
constexpr int kept_values = 2;
constexpr int first_name = 3;
constexpr int message_handler = 2;
constexpr int inner_function = 3;

}  // namespace

void LuaSink::open(lua_State *L, Host &host) {
  host.sink_calls.event = make_call(L, host, &guarded_event, &event);
  host.sink_calls.done = make_call(L, host, &guarded_done, &finish);
}

int LuaSink::make_call(lua_State *L, Host &host, lua_CFunction outer, lua_CFunction inner) {
  lua_pushvalue(L, own_table);
  lua_pushcfunction(L, &traceback);
  lua_pushvalue(L, own_table);
  host.push_kept(L);
  int names = 0;
  for (const char *name : method_names) {
    lua_pushstring(L, name);
    ++names;
  }
  lua_pushcclosure(L, inner, 2 + names);
  lua_pushcclosure(L, outer, 3);
  return host.make_function(L);
}

// Pushes sink.method, sink, transfer.
void LuaSink::push_method(lua_State *L, Call &call) {
  lua_rawgeti(L, lua_upvalueindex(kept_values), call.sink->transfer_);
  const int transfer = lua_gettop(L);
  call.object = static_cast<TransferObject *>(lua_touserdata(L, transfer));
  push_attached(L, transfer);
  lua_pushvalue(L, lua_upvalueindex(first_name + static_cast<int>(call.method)));
  lua_gettable(L, -2);
  lua_insert(L, -2);
  lua_pushvalue(L, transfer);
}

// --- response, data, read, progress: an error fails the transfer ---

int LuaSink::event(lua_State *L) {
  auto &call = Host::call_of<Call>(L);
  push_method(L, call);
  if (call.method != Method::progress) {
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
  auto &call = Host::call_of<Call>(L);
  lua_pushvalue(L, lua_upvalueindex(message_handler));
  lua_pushvalue(L, lua_upvalueindex(inner_function));
  const int status = lua_pcall(L, 0, 0, 1);
  call.reached = true;
  if (status == 0) return 0;
  std::size_t size = 0;
  const char *message = lua_tolstring(L, -1, &size);
  try {
    call.transfer->fail(CURLE_ABORTED_BY_CALLBACK,
                        std::string("error in ") + method_names[static_cast<int>(call.method)] +
                            ": " +
                            (message != nullptr ? std::string(message, size) : std::string()));
  } catch (const std::bad_alloc &) {
    call.transfer->fail(CURLE_OUT_OF_MEMORY, {});
  }
  return 0;
}

void LuaSink::call(Transfer &transfer, Method method, std::size_t stream) noexcept {
  Call call{this, &transfer, method, stream};
  host_.run(host_.sink_calls.event, &call);
  if (!call.reached) transfer.fail(CURLE_OUT_OF_MEMORY, {});
}

// --- done: an error is the host's to report ---

int LuaSink::finish(lua_State *L) {
  auto &call = Host::call_of<Call>(L);
  push_method(L, call);
  const CURLcode code = call.failed ? CURLE_OUT_OF_MEMORY : call.transfer->outcome().code;
  lua_pushinteger(L, code);
  lua_pushinteger(L, static_cast<lua_Integer>(call.transfer->summary().status));
  if (call.failed || call.transfer->streams()) {
    lua_pushnil(L);
  } else {
    const std::string_view body = call.transfer->body();
    lua_pushlstring(L, body.data(), body.size());
    call.transfer->drop_body();
  }
  call.reached = true;
  lua_call(L, 5, 0);
  return 0;
}

int LuaSink::guarded_done(lua_State *L) {
  auto &call = Host::call_of<Call>(L);
  lua_pushvalue(L, lua_upvalueindex(message_handler));
  for (int attempt = 0; attempt < 2; ++attempt) {
    lua_pushvalue(L, lua_upvalueindex(inner_function));
    if (lua_pcall(L, 0, 0, 1) == 0) return 0;
    if (call.reached) break;
    // The body, most likely, does not fit into Lua's memory: the transfer ends with that error
    // instead.
    call.failed = true;
    call.transfer->drop_body();
    call.transfer->fail_late(CURLE_OUT_OF_MEMORY);
    lua_settop(L, 1);
  }
  return lua_error(L);
}

void LuaSink::done(Transfer &transfer) noexcept {
  Call call{this, &transfer, Method::done};
  const int function = host_.sink_calls.done;
  host_.run(function, &call);
  if (!call.reached) host_.run(function, &call);  // there was no memory even to begin
  if (call.object != nullptr) call.object->settle();
  host_.release(transfer_);
}

}  // namespace luvcurl::lua
