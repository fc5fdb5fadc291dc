#include "core/transfer/intake.h"

#include <algorithm>

namespace luvcurl {

bool Intake::append(const char *bytes, std::size_t size) {
  received_ += size;
  if (discards_) {
    discarded_ += size;
    return false;
  }
  inbox_.append(bytes, size);
  return true;
}

std::uint64_t Intake::discard() {
  discards_ = true;
  const std::uint64_t bytes = discarded_ + inbox_.size();
  discarded_ = 0;
  inbox_.clear();
  return bytes;
}

void Intake::reserve(std::size_t at_least, std::int64_t announced) {
  // A server may announce any Content-Length: trust it for the allocation up to this much.
  constexpr std::int64_t trusted = 16 * 1024 * 1024;
  collected_.reserve(std::max(
      at_least, static_cast<std::size_t>(std::clamp<std::int64_t>(announced, 0, trusted))));
}

}  // namespace luvcurl
