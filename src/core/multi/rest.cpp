// How a Multi comes to rest: everything ends, and what it keeps for later is closed.

#include <algorithm>

#include "core/multi/lane.h"
#include "core/multi/multi.h"
#include "core/transfer/transfer.h"

namespace luvcurl {

void Multi::shut_down() noexcept {
  for (const auto &transfer : transfers_) transfer->shut_down();
}

bool Multi::has_told() const {
  return std::none_of(transfers_.begin(), transfers_.end(), [](const auto &transfer) {
    return transfer->state() == Transfer::State::ended && !transfer->paused();
  });
}

bool Multi::rest() noexcept {
  for (const auto &lane : lanes_) {
    if (lane->active() == 0) lane->rest();
  }
  return transfers_.empty();
}

}  // namespace luvcurl
