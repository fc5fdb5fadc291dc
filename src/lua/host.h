#pragma once

#include <memory>

#include "core/loop/handle.h"
#include "core/loop/loop.h"
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

  /// How sinks call scripts: functions for run(), made beforehand, since making one may raise.
  struct SinkCalls {
    int event = LUA_NOREF;
    int done = LUA_NOREF;
  };
  SinkCalls sink_calls;

  /// Makes a function of the C function on the top of the stack (popped). Raises without memory.
  int make_function(lua_State *L);

  /// Calls such a function with `call` the way the host calls luv's callbacks. An error that leaves
  /// it is the host's to report.
  void run(int function, void *call) noexcept;

  /// Keeps the value on the top of the stack (popped) until release(). Raises without memory.
  int keep(lua_State *L);
  void release(int reference) noexcept;
  /// Pushes the table of kept values, by their references. Never raises.
  void push_kept(lua_State *L) const noexcept { lua_rawgeti(L, LUA_REGISTRYINDEX, kept_); }

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

  Context *context_ = nullptr;
  std::shared_ptr<Loop> loop_;
  int kept_ = LUA_NOREF;  // table of kept values
  int luv_ = LUA_NOREF;   // luv's module
  int make_ = LUA_NOREF;  // make_protected
};

}  // namespace luvcurl::lua
