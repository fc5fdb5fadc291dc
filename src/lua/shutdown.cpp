#include "lua/shutdown.h"

#include <memory>
#include <vector>

#include "lua/host.h"
#include "lua/object.h"

namespace luvcurl::lua {

namespace {

// Told after all that has ended: calls a function of the script's, once.
class Ending final : public Announced {
 public:
  Ending(Host &host, int function) : host_(host), function_(function), loop_(host.loop()) {}

  void begin() noexcept {
    loop_->hold(1);
    loop_->announce(*this);
  }

  void tell() override {
    // Those who are told in other places may come later.
    if (!loop_->has_told()) return loop_->announce(*this);
    loop_->hold(-1);
    if (function_ == LUA_NOREF) return;
    host_.run(function_, nullptr);
    luaL_unref(host_.state(), LUA_REGISTRYINDEX, function_);
  }

 private:
  Host &host_;
  const int function_;
  const std::shared_ptr<Loop> loop_;
};

// What release() works with, in Lua's hands.
struct Released {
  static constexpr const char *type_name = "luvcurl.released";
  static constexpr Slot slot = Slot::released;
  std::vector<uv_handle_t **> cells;
};

}  // namespace

int shut_down(lua_State *L) {
  Host &host = Host::of(L);
  if (lua_isnoneornil(L, 1) && !host.loop()->has_handles()) return 0;
  if (!lua_isnoneornil(L, 1)) luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  const int function = lua_isnil(L, 1) ? LUA_NOREF : host.make_function(L);
  bool begun = false;
  try {
    const auto ending = std::make_shared<Ending>(host, function);
    begun = host.loop()->shut_down();
    if (begun) ending->begin();
  } catch (const std::bad_alloc &) {
  }
  if (begun) return 0;
  luaL_unref(L, LUA_REGISTRYINDEX, function);
  return luaL_error(L, "luvcurl: luv cannot make handles on this loop");
}

// Making the list may run a script's finalizer, which may begin something: it is made first, and
// what is needed by then is taken off.
int release(lua_State *L) {
  Host &host = Host::of(L);
  auto &released = Object<Released>::push(L);
  released.cells = host.loop()->rest();
  lua_newtable(L);
  int count = 0;
  for (uv_handle_t **cell : released.cells) {
    host.push_handle(L, cell);
    lua_rawseti(L, -2, ++count);
  }
  for (uv_handle_t **&cell : released.cells) {
    if (!host.loop()->let_go(cell)) cell = nullptr;
  }
  count = 0;
  for (uv_handle_t **cell : released.cells) {
    ++count;
    if (cell != nullptr) {
      host.forget_handle(L, cell);
    } else {
      lua_pushboolean(L, 0);
      lua_rawseti(L, -2, count);
    }
  }
  return 1;
}

int host_died(lua_State *L) {
  Host::of(L).died();
  return 0;
}

void define_shutdown(lua_State *L) {
  static const luaL_Reg no_methods[] = {{nullptr, nullptr}};
  Object<Released>::define(L, no_methods);
}

}  // namespace luvcurl::lua
