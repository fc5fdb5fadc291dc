// How Host calls scripts, and keeps what they are called with.

#include <utility>

#include "lua/host.h"

namespace luvcurl::lua {

// --- calls ---
int Host::make_function(lua_State *L) { return luaL_ref(L, LUA_REGISTRYINDEX); }

int Host::call_flags() const {
  if (dying_) return no_traceback | no_exit | no_message;
  return leaving_ ? no_traceback | no_exit : no_traceback;
}

void Host::run(int function, void *call) noexcept {
  lua_State *L = state();
  const bool elsewhere = loop_->is_elsewhere();
  if (elsewhere) lua_rawgeti(L, LUA_REGISTRYINDEX, report_);
  lua_rawgeti(L, LUA_REGISTRYINDEX, function);
  void *const outer = std::exchange(call_, call);
  if (!elsewhere) {
    context_->call(L, 0, 0, call_flags());
  } else if (lua_pcall(L, 0, 0, 0) == 0 || lua_pcall(L, 1, 0, 0) != 0) {
    lua_pop(L, 1);  // what would have reported, or could not
  }
  call_ = outer;
}

// --- errors ---

namespace {

int raise_upvalue(lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  return lua_error(L);
}

}  // namespace

void Host::report(lua_State *L) const {
  lua_pushcclosure(L, &raise_upvalue, 1);
  context_->call(L, 0, 0, call_flags());
}

// --- elsewhere ---

void Host::call_elsewhere(lua_State *L, int first) {
  for (int *reference : {&schedule_, &report_, &is_shut_}) {
    lua_pushvalue(L, first++);
    luaL_unref(L, LUA_REGISTRYINDEX, *reference);
    *reference = luaL_ref(L, LUA_REGISTRYINDEX);
  }
  if (tell_elsewhere_ == LUA_NOREF) {
    push_function(L, &tell_elsewhere);
    tell_elsewhere_ = luaL_ref(L, LUA_REGISTRYINDEX);
  }
  loop_->tell_at(this);
}

bool Host::ask() noexcept {
  lua_State *L = state();
  lua_rawgeti(L, LUA_REGISTRYINDEX, schedule_);
  lua_rawgeti(L, LUA_REGISTRYINDEX, tell_elsewhere_);
  if (lua_pcall(L, 1, 0, 0) == 0) return true;
  lua_pop(L, 1);
  return false;
}

bool Host::is_shut() noexcept {
  lua_State *L = state();
  lua_rawgeti(L, LUA_REGISTRYINDEX, is_shut_);
  const bool shut = lua_pcall(L, 0, 1, 0) == 0 && lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
  return shut;
}

int Host::tell_elsewhere(lua_State *L) {
  lua_rawgeti(L, own_table, static_cast<int>(Slot::the_host));
  const auto *host = static_cast<const Host *>(lua_touserdata(L, -1));
  if (host == nullptr) return 0;
  const std::shared_ptr<Loop> loop = host->loop_;
  loop->tell_elsewhere();
  return 0;
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
