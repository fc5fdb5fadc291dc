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

/// leash(): has a transfer end when the leash is collected, by its method hold(t).
int new_leash(lua_State *L);

/// Creates the metatables of transfers and leashes.
void define_transfer(lua_State *L);

}  // namespace luvcurl::lua
