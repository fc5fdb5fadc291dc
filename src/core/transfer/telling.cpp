#include "core/transfer/telling.h"

namespace luvcurl {

namespace {

constexpr std::uint64_t report_interval = 100;  // ms

}  // namespace

bool Telling::counted(const Progress &counts, std::uint64_t now) noexcept {
  if (counts.down == counts_.down && counts.up == counts_.up) return false;
  counts_ = counts;
  has_unreported_ = true;
  return reported_at_ == 0 || now - reported_at_ >= report_interval;
}

void Telling::report_begins(std::uint64_t now) noexcept {
  reported_at_ = now;
  has_unreported_ = false;
}

}  // namespace luvcurl
