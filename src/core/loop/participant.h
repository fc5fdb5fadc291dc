#pragma once

#include <cstdint>

namespace luvcurl {

/// What a participant may do in its part of a turn.
struct Turn {
  std::uint64_t now = 0;        ///< loop time, ms
  std::uint64_t until = 0;      ///< when to stop, by uv_hrtime
  std::uint64_t looked_at = 0;  ///< loop time: what came before has been seen on every socket
};

/// What takes part in the loop's turns, from Loop::join to Loop::leave: has work to do, deadlines,
/// and an end when the host takes the handles away.
class Participant {
 public:
  /// Does what is to be done, what has run out of time first. Returns whether nothing is left. Must
  /// see to it that it outlives the call. May throw std::bad_alloc: there will be another turn.
  virtual bool work(const Turn &turn) = 0;

  /// The loop time at which it wants a turn at the latest; UINT64_MAX for none.
  virtual std::uint64_t next_deadline() const = 0;

  /// How many ms one iteration of the loop may work for luvcurl; the least that one says counts.
  virtual std::uint64_t turn_budget() const = 0;

  /// The system has no more descriptors: gives up what it keeps open only for later. Returns
  /// whether there may have been any.
  virtual bool spare() = 0;

  /// The host has closed luvcurl's handles: what is in flight ends with an error, and is told.
  virtual void handles_lost() noexcept = 0;

  /// Somebody wants everything to end: what is in flight does, with an error, and is told.
  virtual void shut_down() noexcept = 0;

  /// Whether everybody whose work has ended was told.
  virtual bool has_told() const = 0;

  /// Closes what is kept for later (connections), as far as nobody uses it. Returns whether nothing
  /// is under way. Not called inside libcurl.
  virtual bool rest() noexcept = 0;

  /// The Lua state is closing: lets go of everything without a word to anybody, and leaves.
  virtual void abandon() noexcept = 0;

 protected:
  ~Participant() = default;  // nobody owns it as one
};

}  // namespace luvcurl
