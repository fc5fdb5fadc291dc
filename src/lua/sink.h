#pragma once

#include "core/sink.h"
#include "lua/host.h"

namespace luvcurl::lua {

/// The sink of a transfer that Lua asked for: calls the methods of a Lua table. Holds the
/// transfer's userdata, and through its environment the table and the request's body, until done.
class LuaSink final : public Sink {
 public:
  LuaSink(Host &host, int transfer) : host_(host), transfer_(transfer) {}

  void response(Transfer &transfer) noexcept override { call(transfer, "response"); }
  void data(Transfer &transfer) noexcept override { call(transfer, "data"); }
  void rewind(Transfer &transfer, std::size_t stream) noexcept override {
    call(transfer, "rewind", stream);
  }
  void read(Transfer &transfer, std::size_t stream) noexcept override {
    call(transfer, "read", stream);
  }
  void progress(Transfer &transfer) noexcept override { call(transfer, "progress"); }
  void done(Transfer &transfer) noexcept override;

 private:
  struct Call {
    const LuaSink *sink = nullptr;
    Transfer *transfer = nullptr;
    const char *method = "";
    std::size_t stream = 0;
    bool reached = false;  // past the preparations, which may fail for want of memory
    bool failed = false;
  };

  void call(Transfer &transfer, const char *method, std::size_t stream = 0) noexcept;
  static int guarded_event(lua_State *L);
  static int guarded_done(lua_State *L);
  static int event(lua_State *L);
  static int finish(lua_State *L);
  static int push_method(lua_State *L, const Call &call);

  Host &host_;
  int transfer_;  // reference to the userdata
};

}  // namespace luvcurl::lua
