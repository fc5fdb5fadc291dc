#pragma once

#include <memory>

#include "core/loop/handle.h"
#include "core/loop/loop.h"
#include "lua/own.h"
#include "lua/protect.h"

namespace luvcurl::lua {

/// What luvcurl borrows from the host of one Lua state: its loop, its libuv, and luv's ways to make
/// handles and to call scripts. The only user of luv's privates.
class Host final : public HandleFactory, public Elsewhere {
 public:
  static constexpr const char *type_name = "luvcurl.host";
  static constexpr Slot slot = Slot::host;

  /// The state's host, found when the module was opened. Raises when the state is closing.
  static Host &of(lua_State *L);

  /// Finds luv in the running host; to be called once for each own table. Raises when there is
  /// none.
  static void open(lua_State *L);

  Host() = default;
  ~Host() override;
  Host(const Host &) = delete;
  Host &operator=(const Host &) = delete;

  uv_handle_t **make(Kind kind, curl_socket_t fd) noexcept override;

  /// Has scripts called outside of the loop's callbacks: `schedule(fn)` calls a function there,
  /// `report(message)` tells of an error that leaves one, `is_shut()` whether a script runs the
  /// loop so that nothing is called there. Three functions on the stack, from `first`.
  void call_elsewhere(lua_State *L, int first);
  bool ask() noexcept override;
  bool is_shut() noexcept override;

  /// Pushes the userdata of a handle that make() has made; nil when there is none. May raise.
  void push_handle(lua_State *L, uv_handle_t **cell) const;

  /// Lets go of it: its cell is not read any more.
  void forget_handle(lua_State *L, uv_handle_t **cell) const;

  /// Errors that leave scripts from now on are not told of and end nothing: the host has died of
  /// one already.
  void died() { dying_ = true; }

  /// How sinks call scripts: functions for run(), made beforehand, since making one may raise.
  struct SinkCalls {
    int event = LUA_NOREF;
    int done = LUA_NOREF;
  };
  SinkCalls sink_calls;

  /// Makes a function of the C function on the top of the stack (popped). Raises without memory.
  int make_function(lua_State *L);

  /// Calls such a function the way the host calls luv's callbacks; it finds `call` by call_of(). An
  /// error that leaves it is the host's to report.
  void run(int function, void *call) noexcept;

  /// Tells the host of an error as of one that has left a callback of luv's: of the message on the
  /// top of the stack (popped), to which nothing is added. May end the process, as the host does.
  void report(lua_State *L) const;

  /// What run() was given for the function that runs.
  template <class Call>
  static Call &call_of(lua_State *L) {
    return *static_cast<Call *>(of(L).call_);
  }

  /// Keeps the value on the top of the stack (popped) until release(). Raises without memory.
  int keep(lua_State *L);
  void release(int reference) noexcept;
  /// Pushes the table of kept values, by their references. Never raises.
  void push_kept(lua_State *L) const noexcept { lua_rawgeti(L, LUA_REGISTRYINDEX, kept_); }

  lua_State *state() const { return context_->state; }
  std::shared_ptr<Loop> loop() const { return loop_; }

 private:
  // The head of luv_ctx_t, the same in every luv that has luv_context (1.30).
  struct Context {
    uv_loop_t *loop;
    lua_State *state;
    int (*call)(lua_State *L, int arguments, int results, int flags);
  };
  // LUVF_CALLBACK_…
  static constexpr int no_exit = 0x01;
  static constexpr int no_traceback = 0x02;  // our message has one
  static constexpr int no_message = 0x04;

  // The head of luv_handle_t, the same in every luv that has luv_context (1.30).
  struct HandleData {
    int self;          // reference to the userdata, in the registry
    int callbacks[2];  // the first one is called when the handle was closed, by whomever
    const Context *context;
  };

  struct Making;

  void find(lua_State *L, int luv);
  void find_makers(lua_State *L, int luv);
  bool is_right(lua_State *L, const Making &making) const;
  void watch_close(lua_State *L, uv_handle_t *handle, int userdata) const;
  static int collect(lua_State *L);
  static int closed(lua_State *L);
  static int make_protected(lua_State *L);
  static int tell_elsewhere(lua_State *L);
  int call_flags() const;

  Context *context_ = nullptr;
  std::shared_ptr<Loop> loop_;
  int kept_ = LUA_NOREF;     // table of kept values
  int handles_ = LUA_NOREF;  // table of handles' userdata, by the bytes of their cells' addresses
  int make_ = LUA_NOREF;     // make_protected
  int schedule_ = LUA_NOREF, report_ = LUA_NOREF, is_shut_ = LUA_NOREF;
  int tell_elsewhere_ = LUA_NOREF;
  // For the functions that are called in protected mode. They take no arguments: a pointer would be
  // a light userdata.
  Making *making_ = nullptr;
  void *call_ = nullptr;
  bool leaving_ = false;  // the host has closed its handles
  bool dying_ = false;
};

}  // namespace luvcurl::lua
