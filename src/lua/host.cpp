#ifndef _GNU_SOURCE
#define _GNU_SOURCE  // dladdr1
#endif
#include "lua/host.h"

#include <dlfcn.h>
#ifdef __linux__
#include <link.h>
#endif

#include "lua/object.h"

namespace luvcurl::lua {

namespace {

// Its address is the host's key in the registry: cheaper than a name, which Lua would hash anew at
// each look.
char registry_key;

void *push_registered(lua_State *L) {
  lua_pushlightuserdata(L, &registry_key);
  lua_rawget(L, LUA_REGISTRYINDEX);
  return lua_touserdata(L, -1);
}

// Pops what is to be found.
void put_registered(lua_State *L) {
  lua_pushlightuserdata(L, &registry_key);
  lua_insert(L, -2);
  lua_rawset(L, LUA_REGISTRYINDEX);
}

// Opens what `function` (one of luv's) was loaded from, so that dlsym on it finds luv's functions
// and those of the libuv luv itself uses: its own, the executable's, or a shared one.
void *library_of(lua_CFunction function) {
  void *address = reinterpret_cast<void *>(function);
  Dl_info info{};
#ifdef __linux__
  link_map *map = nullptr;
  if (dladdr1(address, &info, reinterpret_cast<void **>(&map), RTLD_DL_LINKMAP) == 0 ||
      map == nullptr)
    return nullptr;
  // For the main program dli_fname is argv[0], which cannot be opened; its link map has an empty
  // name.
  const char *name = map->l_name;
  return name[0] == '\0' ? dlopen(nullptr, RTLD_LAZY) : dlopen(name, RTLD_NOLOAD | RTLD_LAZY);
#else
  if (dladdr(address, &info) == 0) return nullptr;
  void *library = dlopen(info.dli_fname, RTLD_NOLOAD | RTLD_LAZY);
  return library != nullptr ? library : dlopen(nullptr, RTLD_LAZY);
#endif
}

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
  auto *host = static_cast<Host *>(push_registered(L));
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
  lua_pushcfunction(L, &collect);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
  Host &host = Object<Host>::push(L);
  host.find(L, luv);
  put_registered(L);
  lua_pop(L, 1);
}

void Host::find(lua_State *L, int luv) {
  lua_getfield(L, luv, "new_poll");
  const lua_CFunction new_poll = lua_tocfunction(L, -1);
  lua_pop(L, 1);
  if (new_poll == nullptr)
    raise(L, "luvcurl: the loaded uv module is not luv (uv.new_poll is no C function)");
  void *library = library_of(new_poll);
  if (library == nullptr) raise(L, "luvcurl: cannot open the library that luv came from");
  const auto find = [library](const char *name) { return dlsym(library, name); };
  UvApi uv;
  if (const char *missing = uv.load(find)) raise(L, "luvcurl: the host's libuv has no %s", missing);
  using ContextOf = Context *(*)(lua_State *);
  const auto context_of = reinterpret_cast<ContextOf>(find("luv_context"));
  if (context_of == nullptr) raise(L, "luvcurl: luv 1.30 or newer is needed (no luv_context)");
  context_ = context_of(L);
  if (context_->loop == nullptr) raise(L, "luvcurl: luv has no loop");

  lua_newtable(L);
  kept_ = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pushvalue(L, luv);
  luv_ = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pushlightuserdata(L, this);
  lua_pushcclosure(L, &make_protected, 1);
  make_ = luaL_ref(L, LUA_REGISTRYINDEX);
  loop_ = std::make_shared<Loop>(context_->loop, uv, *this);
}

Host::~Host() {
  if (loop_) loop_->stop();
}

int Host::collect(lua_State *L) {
  auto *host = static_cast<Host *>(lua_touserdata(L, 1));
  // What is collected after us must not find us. A module that could not be opened to the end and
  // was opened again has left a host that is not the one.
  if (push_registered(L) == host) {
    lua_pushnil(L);
    put_registered(L);
  }
  host->~Host();
  return 0;
}

// --- handles ---

namespace {

struct Making {
  HandleFactory::Kind kind;
  int fd;
  uv_handle_t **cell;
};

}  // namespace

int Host::make_protected(lua_State *L) {
  const auto *host = static_cast<const Host *>(lua_touserdata(L, lua_upvalueindex(1)));
  auto *making = static_cast<Making *>(lua_touserdata(L, 1));
  static const char *const makers[] = {"new_poll", "new_timer", "new_prepare"};
  lua_rawgeti(L, LUA_REGISTRYINDEX, host->luv_);
  lua_getfield(L, -1, makers[static_cast<int>(making->kind)]);
  const bool poll = making->kind == Kind::poll;
  if (poll) lua_pushinteger(L, making->fd);
  lua_call(L, poll ? 1 : 0, 1);
  auto **cell = static_cast<uv_handle_t **>(lua_touserdata(L, -1));
  if (cell == nullptr) return 0;  // luv's nil, message, name
  if (making->kind == Kind::prepare) host->watch_close(L, *cell, lua_gettop(L));
  host->push_kept(L);
  lua_insert(L, -2);
  luaL_ref(L, -2);  // kept for ever: the cell must stay readable
  making->cell = cell;
  return 0;
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
  lua_pushcfunction(L, &closed);
  data->callbacks[0] = luaL_ref(L, LUA_REGISTRYINDEX);
}

int Host::closed(lua_State *L) {
  const auto *host = static_cast<const Host *>(push_registered(L));
  lua_pop(L, 1);
  if (host != nullptr) host->loop_->lost();
  return 0;
}

uv_handle_t **Host::make(Kind kind, int fd) noexcept {
  lua_State *L = state();
  Making making{kind, fd, nullptr};
  lua_rawgeti(L, LUA_REGISTRYINDEX, make_);
  lua_pushlightuserdata(L, &making);
  if (lua_pcall(L, 1, 0, 0) != 0) lua_pop(L, 1);
  return making.cell;
}

// --- calls ---

int Host::make_function(lua_State *L) { return luaL_ref(L, LUA_REGISTRYINDEX); }

void Host::run(int function, void *call) noexcept {
  lua_State *L = state();
  lua_rawgeti(L, LUA_REGISTRYINDEX, function);
  lua_pushlightuserdata(L, call);
  context_->call(L, 1, 0, no_traceback);
}

int Host::keep(lua_State *L) {
  push_kept(L);
  lua_insert(L, -2);
  const int reference = luaL_ref(L, -2);
  lua_pop(L, 1);
  return reference;
}

void Host::release(int reference) noexcept {
  lua_State *L = state();
  push_kept(L);
  luaL_unref(L, -1, reference);
  lua_pop(L, 1);
}

}  // namespace luvcurl::lua
