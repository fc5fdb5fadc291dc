#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/transfer/transfer.h"
#include "lua/object.h"

namespace luvcurl::lua {

/// A transfer in Lua's hands. When it is over, all that is left of it is its result: dropped ones
/// wait for a collector that sees little of what they hold.
struct TransferObject {
  static constexpr const char *type_name = "luvcurl.transfer";
  static constexpr Slot slot = Slot::transfer;
  std::shared_ptr<Transfer> transfer;  ///< nullptr when it is over, unless its body is streamed
  std::unique_ptr<Result> left;        ///< of one that is over
  /// Bytes that are being made strings of; more than one where a finalizer takes some meanwhile.
  std::vector<std::shared_ptr<const std::string>> lent;

  const Result &result() const { return transfer ? transfer->result() : *left; }

  /// Its sink was told that it is done.
  void settle() noexcept;
};

/// leash(): has a transfer end when the leash is collected, by its method hold(t).
int new_leash(lua_State *L);

/// Creates the metatables of transfers and leashes.
void define_transfer(lua_State *L);

}  // namespace luvcurl::lua
