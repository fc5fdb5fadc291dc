#pragma once

#include <memory>

#include "core/transfer.h"
#include "lua/object.h"

namespace luvcurl::lua {

/// A transfer in Lua's hands.
struct TransferObject {
  static constexpr const char *type_name = "luvcurl.transfer";
  std::shared_ptr<Transfer> transfer;
};

/// Creates the metatable of transfers.
void define_transfer(lua_State *L);

}  // namespace luvcurl::lua
