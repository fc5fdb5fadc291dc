#include "lua/multi.h"

#include <cstdio>
#include <string>

#include "core/transfer/transfer.h"
#include "lua/compat.h"
#include "lua/form.h"
#include "lua/host.h"
#include "lua/sink.h"
#include "lua/transfer.h"
#include "lua/value.h"

namespace luvcurl::lua {

namespace {

MultiObject &self(lua_State *L) { return Object<MultiObject>::check(L, 1); }

// What a Multi with one idle connection holds where no collector sees it (measured with
// libcurl 7.88).
constexpr int multi_kilobytes = 64;

// What a sink asks for besides done; read before any C++ object that an error could skip exists.
struct Wishes {
  bool data = false, response = false, progress = false, read = false, rewind = false,
       prepare = false;
  std::int64_t max_body = 0, high_water = 1024 * 1024, timeout = 0, first_byte = 0, idle = 0,
               upload_size = -1, resend = -1;
};

Wishes read_wishes(lua_State *L, int sink) {
  Wishes wishes;
  wishes.data = has_field(L, sink, "data");
  wishes.response = has_field(L, sink, "response");
  wishes.progress = has_field(L, sink, "progress");
  wishes.read = has_field(L, sink, "read");
  wishes.rewind = has_field(L, sink, "rewind");
  wishes.prepare = has_field(L, sink, "prepare");
  wishes.max_body = integer_field(L, sink, "max_body", 0);
  wishes.high_water = integer_field(L, sink, "high_water", wishes.high_water);
  wishes.timeout = integer_field(L, sink, "timeout", 0);
  wishes.first_byte = integer_field(L, sink, "first_byte", 0);
  wishes.idle = integer_field(L, sink, "idle", 0);
  wishes.upload_size = integer_field(L, sink, "upload_size", -1);
  wishes.resend = integer_field(L, sink, "resend", -1);
  return wishes;
}

Request make_request(const Options &options, const Wishes &wishes) {
  Request request;
  request.options = options;
  request.streaming = wishes.data;
  request.wants_response = wishes.response;
  request.wants_progress = wishes.progress;
  request.rewindable = wishes.rewind;
  request.max_body = static_cast<std::uint64_t>(wishes.max_body);
  request.high_water = static_cast<std::uint64_t>(wishes.high_water);
  request.timeouts.total = static_cast<std::uint64_t>(wishes.timeout);
  request.timeouts.first_byte = static_cast<std::uint64_t>(wishes.first_byte);
  request.timeouts.idle = static_cast<std::uint64_t>(wishes.idle);
  request.held = wishes.prepare;
  if (wishes.resend >= 0) request.resend = wishes.resend != 0 ? Resend::always : Resend::never;
  if (wishes.read) {
    request.body = BodyKind::stream;
    request.sizes = {wishes.upload_size};
  }
  return request;
}

// The request's body as the script gave it.
struct Body {
  BodyKind kind = BodyKind::none;
  std::string_view bytes;
  const FormObject *form = nullptr;
};

// Reads a string (anchored in the sink: libcurl reads it in place) or a list of form parts.
Body read_body(lua_State *L, int index, int sink) {
  Body body;
  if (lua_type(L, index) == LUA_TTABLE) {
    body.kind = BodyKind::form;
    body.form = &push_form(L, index);
  } else if (!lua_isnoneornil(L, index)) {
    luaL_checktype(L, index, LUA_TSTRING);
    std::size_t size = 0;
    const char *bytes = lua_tolstring(L, index, &size);
    body.kind = BodyKind::bytes;
    body.bytes = {bytes, size};
    lua_pushvalue(L, index);
    lua_setfield(L, sink, "request_body");
  }
  return body;
}

// Fills `object` or writes why not. Makes no Lua call.
bool begin(Host &host, Multi &multi, const Options &options, std::string_view url,
           const Wishes &wishes, const Body &body, int reference, TransferObject &object, char *why,
           std::size_t size) {
  std::string error;
  Request request = make_request(options, wishes);
  request.url = multi.parse(url, &error, options->kinship());
  if (!request.url) {
    std::snprintf(why, size, "url: %s", error.c_str());
    return false;
  }
  if (body.kind != BodyKind::none) request.body = body.kind;
  request.bytes = body.bytes;
  if (body.form != nullptr) {
    request.form = body.form->form;
    request.sizes = request.form->sizes;
  }
  request.sink = std::make_unique<LuaSink>(host, reference);
  object.transfer = multi.add(std::move(request), &error);
  if (object.transfer) return true;
  std::snprintf(why, size, "%s", error.c_str());
  return false;
}

// multi:add(options, url, sink[, body[, plain]]); a plain sink has no field but done: the others,
// which are many, are not looked for.
int add(lua_State *L) {
  Host &host = Host::of(L);
  Multi &multi = *self(L).multi;
  const auto &options = Object<OptionsObject>::check(L, 2);
  std::size_t url_size = 0;
  const char *url = luaL_checklstring(L, 3, &url_size);
  luaL_checktype(L, 4, LUA_TTABLE);
  const Body body = read_body(L, 5, 4);
  const Wishes wishes = lua_toboolean(L, 6) != 0 ? Wishes() : read_wishes(L, 4);
  auto &object = Object<TransferObject>::push(L);
  lua_pushvalue(L, 4);
  attach(L, lua_gettop(L) - 1);
  lua_pushvalue(L, -1);
  const int reference = host.keep(L);
  char why[256] = "not enough memory";
  bool begun = false;
  try {
    begun = begin(host, multi, options.options, {url, url_size}, wishes, body, reference, object,
                  why, sizeof why);
  } catch (const std::bad_alloc &) {
  }
  if (begun) return 1;
  host.release(reference);
  return luaL_error(L, "%s", why);
}

// The Multi, or nullptr when the collector has finalized it.
Multi *present(lua_State *L) {
  const MultiObject *object = Object<MultiObject>::find(L, 1);
  return object != nullptr ? object->multi.get() : nullptr;
}

int close(lua_State *L) {
  if (Multi *multi = present(L)) multi->close();
  return 0;
}

int closed(lua_State *L) {
  const Multi *multi = present(L);
  lua_pushboolean(L, multi == nullptr || multi->closed());
  return 1;
}

int count(lua_State *L) {
  const Multi *multi = present(L);
  lua_pushinteger(L, multi != nullptr ? static_cast<lua_Integer>(multi->count()) : 0);
  return 1;
}

// Ends what can no longer go on since the host closed luvcurl's handles; then the loop can run
// again.
int check(lua_State *L) {
  Multi *multi = present(L);
  lua_pushboolean(L, multi != nullptr && multi->loop().ensure());
  return 1;
}

int stats(lua_State *L) {
  Multi &multi = *self(L).multi;
  const Stats all = multi.stats();
  const struct {
    const char *name;
    std::uint64_t value;
  } entries[] = {
      {"in_flight", all.in_flight}, {"queued", all.queued},     {"finished", all.finished},
      {"failed", all.failed},       {"opened", all.opened},     {"reused", all.reused},
      {"sent", all.sent},           {"received", all.received}, {"lanes", all.lanes}};
  lua_createtable(L, 0, 10);
  for (const auto &entry : entries) {
    push_int64(L, static_cast<long long>(entry.value));
    lua_setfield(L, -2, entry.name);
  }
  lua_pushnumber(L, static_cast<lua_Number>(multi.loop().longest_turn()) / 1e6);
  lua_setfield(L, -2, "longest_turn");
  return 1;
}

}  // namespace

int new_multi(lua_State *L) {
  Host &host = Host::of(L);
  Settings settings;
  if (!lua_isnoneornil(L, 1)) {
    luaL_checktype(L, 1, LUA_TTABLE);
    settings.max_connections = static_cast<long>(integer_field(L, 1, "max_connections", 0));
    settings.max_host_connections =
        static_cast<long>(integer_field(L, 1, "max_host_connections", 0));
    settings.max_concurrent = static_cast<long>(integer_field(L, 1, "max_concurrent", 0));
    settings.takes_share =
        !has_field(L, 1, "max_connections") && !has_field(L, 1, "max_concurrent");
    settings.turn_budget =
        static_cast<long>(integer_field(L, 1, "turn_budget", settings.turn_budget));
    lua_getfield(L, 1, "fast");
    settings.fast = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
  }
  auto &object = Object<MultiObject>::push(L);  // first: what raises must not find the Multi made
  object.multi = std::make_shared<Multi>(host.loop(), settings);
  tell_collector(L, multi_kilobytes);
  return 1;
}

void define_multi(lua_State *L) {
  static const luaL_Reg methods[] = {{"add", guarded<add>},       {"close", guarded<close>},
                                     {"closed", guarded<closed>}, {"count", guarded<count>},
                                     {"check", guarded<check>},   {"stats", guarded<stats>},
                                     {nullptr, nullptr}};
  Object<MultiObject>::define(L, methods);
}

}  // namespace luvcurl::lua
