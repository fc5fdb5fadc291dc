#pragma once

#include "core/transfer/sink.h"
#include "lua/host.h"

namespace luvcurl::lua {

struct TransferObject;

/// The sink of a transfer that Lua asked for: calls the methods of a Lua table. Holds the
/// transfer's userdata, and through its environment the table and the request's body, until done.
class LuaSink final : public Sink {
 public:
  LuaSink(Host &host, int transfer) : host_(host), transfer_(transfer) {}

  /// Makes the functions by which all sinks of a state call Lua.
  static void open(lua_State *L, Host &host);

  void response(Transfer &transfer) noexcept override { call(transfer, Method::response); }
  void data(Transfer &transfer) noexcept override { call(transfer, Method::data); }
  void rewind(Transfer &transfer, std::size_t stream) noexcept override {
    call(transfer, Method::rewind, stream);
  }
  void read(Transfer &transfer, std::size_t stream) noexcept override {
    call(transfer, Method::read, stream);
  }
  void progress(Transfer &transfer) noexcept override { call(transfer, Method::progress); }
  void done(Transfer &transfer) noexcept override;

 private:
  enum class Method { response, data, rewind, read, progress, done };

  struct Call {
    const LuaSink *sink = nullptr;
    Transfer *transfer = nullptr;
    Method method = Method::done;
    std::size_t stream = 0;
    TransferObject *object = nullptr;
    bool reached = false;  // past the preparations, which may fail for want of memory
    bool failed = false;
  };

  void call(Transfer &transfer, Method method, std::size_t stream = 0) noexcept;
  static int make_call(lua_State *L, Host &host, lua_CFunction outer, lua_CFunction inner);
  static int guarded_event(lua_State *L);
  static int guarded_done(lua_State *L);
  static int event(lua_State *L);
  static int finish(lua_State *L);
  static void push_method(lua_State *L, Call &call);

  Host &host_;
  int transfer_;  // reference to the userdata
};

}  // namespace luvcurl::lua
