#pragma once

#include <cstdint>

#include "core/curl/easy_user.h"

namespace luvcurl {

/// What a transfer's sink is to be told of, as soon as libcurl has unwound. All but the end, which
/// is the transfer's state.
class Telling {
 public:
  /// In the order in which they are told.
  enum Due : unsigned { nothing = 0, response = 1, data = 2, read = 4, progress = 8 };

  void note(Due due) noexcept { due_ |= due; }
  void drop_all() noexcept { due_ = nothing; }
  bool is_due() const noexcept { return due_ != nothing; }

  /// Takes the first off.
  Due next() noexcept {
    const unsigned first = due_ & (~due_ + 1);  // the lowest bit
    due_ &= ~first;
    return static_cast<Due>(first);
  }

  /// Takes libcurl's counts. Returns whether they are due: they have moved, and the last report is
  /// some time ago.
  bool counted(const Progress &counts, std::uint64_t now) noexcept;
  const Progress &counts() const noexcept { return counts_; }

  /// A report of the counts begins or ends at this loop time. The time until the next is counted
  /// from the telling, since what was noticed in time may be told late, and from its end, since a
  /// hook may take its time.
  void report_begins(std::uint64_t now) noexcept;
  void report_ends(std::uint64_t now) noexcept { reported_at_ = now; }

  /// The last counts are told before the end.
  void note_last_counts() noexcept {
    if (has_unreported_) note(progress);
  }

 private:
  Progress counts_;
  std::uint64_t reported_at_ = 0;
  unsigned due_ = nothing;
  bool has_unreported_ = false;
};

}  // namespace luvcurl
