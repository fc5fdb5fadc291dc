#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/decode/unfolding.h"

namespace luvcurl {

class Loop;
class Transfer;

/// A body that came packed, on its way from libcurl to the intake: what it unfolds to is taken
/// piece by piece, as there is room for it. A step that would hold the loop is done on another
/// thread; the body is away then.
class Unpacking {
 public:
  /// How many bytes come out in one go at most.
  static constexpr std::size_t piece = 16 * 1024;
  /// How long it may work in one go, in ns.
  static constexpr std::uint64_t time = 1'000'000;

  explicit Unpacking(const std::vector<decode::Coding> &codings)
      : unfolding_(std::make_shared<decode::Unfolding>(codings)) {}

  /// Takes the next bytes. Only when the last ones are done. Throws std::bad_alloc.
  void feed(const char *bytes, std::size_t size) {
    fed_ += size;
    unfolding_->feed(bytes, size);
  }

  /// How many bytes have come.
  std::uint64_t fed() const { return fed_; }

  /// Whether what has come is not all out yet.
  bool is_busy() const { return is_away_ || !unfolding_->is_idle(); }

  bool is_away() const { return is_away_; }
  bool is_slow() const { return unfolding_->is_slow(); }

  /// The next bytes. Only when it is busy, and not away. Throws std::bad_alloc.
  std::size_t step(char *out, std::size_t size) { return unfolding_->step(out, size); }

  /// Has the next step done on another thread, which gives what comes out to the transfer
  /// (Transfer::unfolded). False where it cannot be. Throws std::bad_alloc.
  bool send_away(Loop &loop, const std::shared_ptr<Transfer> &transfer);
  void came_back() { is_away_ = false; }

  // When it is not busy.
  bool is_broken() const { return unfolding_->is_broken(); }
  bool is_whole() const { return unfolding_->is_whole(); }
  std::string why() const { return unfolding_->why(); }

 private:
  std::shared_ptr<decode::Unfolding> unfolding_;  // while it is away, that thread's
  std::uint64_t fed_ = 0;
  bool is_away_ = false;
};

}  // namespace luvcurl
