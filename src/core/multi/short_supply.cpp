// The part of Multi that keeps to what the process may open, and to what the system gives: all
// Multis of a process have the same share, and connections that are kept for later are given up
// first.

#include <algorithm>

#include "core/loop/descriptors.h"
#include "core/multi/lane.h"
#include "core/multi/multi.h"
#include "core/transfer/transfer.h"

namespace luvcurl {

// What another Multi leaves of the share is a few at least.
bool Multi::has_descriptor() const {
  constexpr std::size_t part = 16;
  if (in_flight_ >= ceiling_) return false;
  return in_flight_ <= share_ / part || Descriptors::in_flight < share_;
}

bool Multi::is_short_of_descriptors() const {
  return ceiling_ != SIZE_MAX || Descriptors::sockets > share_ / 2;
}

// The lanes that are used least come last.
void Multi::thin_out() {
  loop_->interest().recount();
  for (std::size_t i = lanes_.size(); i-- > 0 && Descriptors::sockets > share_ / 4 * 3;)
    lanes_[i]->spare();
  // What others hold is no reason to look again in each turn.
  crowded_at_ = std::max(share_, Descriptors::sockets + share_ / 16);
}

bool Multi::spare() {
  bool any = false;
  for (const auto &lane : lanes_) any = lane->spare() || any;
  return any;
}

// Those in flight are as many as there can be: one more for each that ends well, or after a while,
// since others than we may have let go of some.
bool Multi::was_refused(const Transfer &transfer) {
  const bool spared = loop_->spare();
  const std::size_t own = transfer.takes_descriptor() ? 1 : 0;
  if (!spared && Descriptors::in_flight <= own) return false;
  ceiling_ = spared ? std::max<std::size_t>(in_flight_, 1) : in_flight_ - std::min(in_flight_, own);
  return true;
}

void Multi::retry_later() {
  constexpr std::uint64_t interval = 100;  // ms
  retry_at_ = std::min(retry_at_, loop_->now() + interval);
}

void Multi::retry() {
  ceiling_ = std::max(ceiling_, in_flight_ + 1);
  retry_at_ = UINT64_MAX;
}

}  // namespace luvcurl
