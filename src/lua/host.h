#pragma once

#include <memory>

#include "core/handle.h"
#include "core/loop.h"
#include "lua/protect.h"

namespace luvcurl::lua {

/// What luvcurl borrows from the host of one Lua state: its loop, its libuv, and luv's ways to make
/// handles and to call scripts. The only user of luv's privates.
class Host final : public HandleFactory {
 public:
  static constexpr const char *type_name = "luvcurl.host";

  /// The state's host, found when the module was opened.
  static Host &of(lua_State *L);

  /// Finds luv in the running host and pushes nothing. Raises when there is none.
  static void open(lua_State *L);

  Host() = default;
  ~Host() override;
  Host(const Host &) = delete;
  Host &operator=(const Host &) = delete;

  uv_handle_t **make(Kind kind, int fd) noexcept override;

  /// Calls `function(call)` the way the host calls luv's callbacks. `function` is one of the C
  /// functions below; an error that leaves it is the host's to report.
  void run(lua_CFunction function, void *call) noexcept;

  /// Keeps the value on the top of the stack (popped) until release(). Raises without memory.
  int keep(lua_State *L);
  void release(int reference) noexcept;
  /// Pushes a kept value; never raises.
  void push(lua_State *L, int reference) const noexcept;

  lua_State *state() const { return context_->state; }
  std::shared_ptr<Loop> loop() const { return loop_; }

 private:
  // The head of luv_ctx_t, the same in every luv since 1.30.
  struct Context {
    uv_loop_t *loop;
    lua_State *state;
    int (*call)(lua_State *L, int arguments, int results, int flags);
  };
  static constexpr int no_traceback = 0x02;  // LUVF_CALLBACK_NOTRACEBACK: our message has one

  // The head of luv_handle_t, the same in every luv since 1.30.
  struct HandleData {
    int self;          // reference to the userdata, in the registry
    int callbacks[2];  // the first one is called when the handle was closed, by whomever
    const Context *context;
  };

  void find(lua_State *L, int luv);
  void watch_close(lua_State *L, uv_handle_t *handle, int userdata) const;
  static int closed(lua_State *L);
  static int collect(lua_State *L);
  static int make_protected(lua_State *L);
  static int dispatch(lua_State *L);

  Context *context_ = nullptr;
  std::shared_ptr<Loop> loop_;
  int kept_ = LUA_NOREF;      // table of kept values
  int luv_ = LUA_NOREF;       // luv's module
  int dispatch_ = LUA_NOREF;  // C functions, made beforehand: pushing a new one may raise
  int make_ = LUA_NOREF;
};

}  // namespace luvcurl::lua
