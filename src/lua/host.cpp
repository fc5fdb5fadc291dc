#include "lua/host.h"

#include <cstdio>
#include <iterator>
#include <utility>

#include "core/curl/library.h"
#include "lua/object.h"

namespace luvcurl::lua {

namespace {

// Pushes package.loaded[name]; a table there, or nothing.
bool push_loaded(lua_State *L, const char *name) {
  lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
  lua_getfield(L, -1, name);
  lua_remove(L, -2);
  if (lua_istable(L, -1)) return true;
  lua_pop(L, 1);
  return false;
}

bool push_neovims(lua_State *L) {
  lua_getglobal(L, "vim");
  if (lua_istable(L, -1)) {
    for (const char *name : {"uv", "loop"}) {
      lua_getfield(L, -1, name);
      if (lua_istable(L, -1)) {
        lua_remove(L, -2);
        return true;
      }
      lua_pop(L, 1);
    }
  }
  lua_pop(L, 1);
  return false;
}

// The luv that is there already comes first: in luvi 2.14 it is loaded as "uv" only, and requiring
// "luv" would load a second one, which crashes.
void push_luv(lua_State *L) {
  if (push_loaded(L, "luv") || push_loaded(L, "uv") || push_neovims(L)) return;
  lua_getglobal(L, "require");
  lua_pushliteral(L, "luv");
  lua_call(L, 1, 1);
  if (!lua_istable(L, -1))
    raise(L, "luvcurl: require 'luv' gave a %s, not luv", luaL_typename(L, -1));
}

}  // namespace

Host &Host::of(lua_State *L) {
  lua_rawgeti(L, own_table, static_cast<int>(Slot::the_host));
  auto *host = static_cast<Host *>(lua_touserdata(L, -1));
  lua_pop(L, 1);
  if (host == nullptr) raise(L, "luvcurl: the Lua state is closing");
  return *host;
}

void Host::open(lua_State *L) {
  static const luaL_Reg no_methods[] = {{nullptr, nullptr}};
  push_luv(L);
  const int luv = lua_gettop(L);
  Object<Host>::define(L, no_methods);
  Object<Host>::push_metatable(L);
  push_function(L, &collect);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
  Host &host = Object<Host>::push(L);
  host.find(L, luv);
  lua_rawseti(L, own_table, static_cast<int>(Slot::the_host));
  lua_pop(L, 1);
}

void Host::find(lua_State *L, int luv) {
  // Of 1.40: whether a script runs the loop.
  lua_getfield(L, luv, "loop_mode");
  const bool has_loop_mode = lua_isfunction(L, -1);
  lua_getfield(L, luv, "new_poll");
  const lua_CFunction new_poll = lua_tocfunction(L, -1);
  lua_pop(L, 2);
  if (new_poll == nullptr)
    raise(L, "luvcurl: the loaded uv module is not luv (uv.new_poll is no C function)");
  // Leads to luv's functions and those of the libuv that luv itself uses: its own, the
  // executable's, or a shared one.
  void *library = library::of(reinterpret_cast<void *>(new_poll));
  if (library == nullptr) raise(L, "luvcurl: cannot open the library that luv came from");
  const auto find = [library](const char *name) { return library::find(library, name); };
  UvApi uv;
  if (const char *missing = uv.load(find)) raise(L, "luvcurl: the host's libuv has no %s", missing);
  using ContextOf = Context *(*)(lua_State *);
  const auto context_of = reinterpret_cast<ContextOf>(find("luv_context"));
  if (context_of == nullptr || !has_loop_mode) raise(L, "luvcurl: luv 1.42 or newer is needed");
  context_ = context_of(L);
  if (context_->loop == nullptr) raise(L, "luvcurl: luv has no loop");
  // What luv says itself: its context could be laid out otherwise one day.
  using LoopOf = uv_loop_t *(*)(lua_State *);
  const auto loop_of = reinterpret_cast<LoopOf>(find("luv_loop"));
  if (loop_of != nullptr && loop_of(L) != context_->loop)
    raise(L, "luvcurl: this luv is not laid out as luvcurl knows it");

  lua_newtable(L);
  kept_ = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_newtable(L);
  handles_ = luaL_ref(L, LUA_REGISTRYINDEX);
  find_makers(L, luv);
  loop_ = std::make_shared<Loop>(context_->loop, uv, *this);
}

Host::~Host() {
  if (loop_) loop_->stop();
}

int Host::collect(lua_State *L) {
  lua_pushnil(L);  // what is collected after us must not find us
  lua_rawseti(L, own_table, static_cast<int>(Slot::the_host));
  auto *host = static_cast<Host *>(lua_touserdata(L, 1));
  const int forgotten = host->loop_ ? host->loop_->never_run() : 0;
  if (forgotten > 0)
    std::fprintf(stderr,
                 "luvcurl: %d transfer%s never began: the script ended without running the loop "
                 "(uv.run())\n",
                 forgotten, forgotten == 1 ? "" : "s");
  host->~Host();
  return 0;
}

// --- handles ---

struct Host::Making {
  Kind kind;
  curl_socket_t fd;
  uv_handle_t **cell;
};

namespace {

// By HandleFactory::Kind.
struct Maker {
  const char *function;
  const char *metatable;
  uv_handle_type type;
};
constexpr Maker makers[] = {{"new_socket_poll", "uv_poll", UV_POLL},
                            {"new_timer", "uv_timer", UV_TIMER},
                            {"new_prepare", "uv_prepare", UV_PREPARE}};
constexpr int first_maker = 2;  // upvalue of make_protected

void push_key(lua_State *L, uv_handle_t **cell) {
  lua_pushlstring(L, reinterpret_cast<const char *>(&cell), sizeof cell);
}

}  // namespace

// luv's own functions, as they are now: scripts replace those of its table.
void Host::find_makers(lua_State *L, int luv) {
  lua_pushvalue(L, own_table);
  for (const Maker &maker : makers) lua_getfield(L, luv, maker.function);
  lua_pushcclosure(L, &make_protected, 1 + static_cast<int>(std::size(makers)));
  make_ = luaL_ref(L, LUA_REGISTRYINDEX);
}

int Host::make_protected(lua_State *L) {
  Host &host = of(L);
  Making &making = *host.making_;
  // COMPAT luv: it crashes over a handle for whose reference it had no memory. So one is free.
  lua_pushboolean(L, 1);
  luaL_unref(L, LUA_REGISTRYINDEX, luaL_ref(L, LUA_REGISTRYINDEX));
  lua_pushvalue(L, lua_upvalueindex(first_maker + static_cast<int>(making.kind)));
  const bool poll = making.kind == Kind::poll;
  if (poll) lua_pushinteger(L, static_cast<lua_Integer>(making.fd));
  lua_call(L, poll ? 1 : 0, 1);
  if (!host.is_right(L, making)) return 0;  // luv's nil, message, name; or a script's
  auto **cell = static_cast<uv_handle_t **>(lua_touserdata(L, -1));
  if (making.kind == Kind::prepare) host.watch_close(L, *cell, lua_gettop(L));
  lua_rawgeti(L, LUA_REGISTRYINDEX, host.handles_);
  push_key(L, cell);
  lua_pushvalue(L, -3);
  lua_rawset(L, -3);  // kept until it is let go of: the cell must stay readable
  making.cell = cell;
  return 0;
}

void Host::push_handle(lua_State *L, uv_handle_t **cell) const {
  lua_rawgeti(L, LUA_REGISTRYINDEX, handles_);
  push_key(L, cell);
  lua_rawget(L, -2);
  lua_remove(L, -2);
}

void Host::forget_handle(lua_State *L, uv_handle_t **cell) const {
  lua_rawgeti(L, LUA_REGISTRYINDEX, handles_);
  push_key(L, cell);
  lua_pushnil(L);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

// Whether the value on the top of the stack is what luv makes of this kind: a userdata that points
// to a handle on our loop.
bool Host::is_right(lua_State *L, const Making &making) const {
  const Maker &maker = makers[static_cast<int>(making.kind)];
  if (lua_type(L, -1) != LUA_TUSERDATA || lua_getmetatable(L, -1) == 0) return false;
  luaL_getmetatable(L, maker.metatable);
  const bool is_luvs = lua_rawequal(L, -1, -2) != 0;
  lua_pop(L, 2);
  if (!is_luvs) return false;
  const uv_handle_t *handle = *static_cast<uv_handle_t **>(lua_touserdata(L, -1));
  return handle != nullptr && handle->loop == context_->loop && handle->type == maker.type;
}

// A host that walks its loop and closes every handle (luvit does at exit) tells nobody; with our
// handles go the transfers in flight. luv calls a handle's close callback whoever closed it, but
// takes one only together with the close: it is put where luv would put it, if all there is as luv
// has it.
void Host::watch_close(lua_State *L, uv_handle_t *handle, int userdata) const {
  auto *data = static_cast<HandleData *>(handle->data);
  if (data == nullptr || data->context != context_ || data->callbacks[0] != LUA_NOREF) return;
  lua_rawgeti(L, LUA_REGISTRYINDEX, data->self);
  const bool as_known = lua_rawequal(L, -1, userdata) != 0;
  lua_pop(L, 1);
  if (!as_known) return;
  push_function(L, &closed);
  data->callbacks[0] = luaL_ref(L, LUA_REGISTRYINDEX);
}

// What the scripts use may be closed, too (luvit has closed stdout): their errors do not count.
int Host::closed(lua_State *L) {
  lua_rawgeti(L, own_table, static_cast<int>(Slot::the_host));
  auto *host = static_cast<Host *>(lua_touserdata(L, -1));
  if (host == nullptr) return 0;
  host->leaving_ = true;
  host->loop_->lost();
  host->leaving_ = false;
  return 0;
}

uv_handle_t **Host::make(Kind kind, curl_socket_t fd) noexcept {
  lua_State *L = state();
  Making making{kind, fd, nullptr};
  lua_rawgeti(L, LUA_REGISTRYINDEX, make_);
  // A finalizer that runs in there may lead here again.
  Making *const outer = std::exchange(making_, &making);
  if (lua_pcall(L, 0, 0, 0) != 0) lua_pop(L, 1);
  making_ = outer;
  return making.cell;
}

}  // namespace luvcurl::lua
