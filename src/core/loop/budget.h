#pragma once

#include <algorithm>
#include <cstdint>

namespace luvcurl {

/// How long one iteration of the loop may work for transfers, so that the loop gets to everything
/// else, and how long it did. In nanoseconds.
class Budget {
 public:
  /// A turn gets three fifths at most.
  void set(std::uint64_t all) noexcept {
    all_ = all;
    turn_ = all / 5 * 3;
  }
  std::uint64_t of_turn() const noexcept { return turn_; }

  /// Whether the sockets' events after the turn may go on. They get all that it has left, since the
  /// more of them a poll gets to, the fewer epoll has to tell of again; and a share of their own
  /// after one that took too long.
  bool is_left() const noexcept { return polled_ < all_ - turn_ || turned_ + polled_ < all_; }

  void turn_begins() noexcept { polled_ = turned_ = 0; }
  void turn_took(std::uint64_t time) noexcept {
    turned_ = time;
    longest_ = std::max(longest_, turned_ + polled_);
  }
  void event_took(std::uint64_t time) noexcept {
    polled_ += time;
    longest_ = std::max(longest_, turned_ + polled_);
  }

  /// The longest that an iteration has worked.
  std::uint64_t longest() const noexcept { return longest_; }

 private:
  std::uint64_t all_ = 0;
  std::uint64_t turn_ = 0;
  std::uint64_t turned_ = 0;
  std::uint64_t polled_ = 0;
  std::uint64_t longest_ = 0;
};

}  // namespace luvcurl
