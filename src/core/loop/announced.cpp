#include "core/loop/announced.h"

namespace luvcurl {

bool Announcements::add(Announced &one) noexcept {
  if (one.link.is_listed_) return false;
  one.link.is_listed_ = true;
  auto &end = last_ != nullptr ? last_->link.next_ : first_;
  end = one.shared_from_this();
  last_ = &one;
  return true;
}

std::shared_ptr<Announced> Announcements::next() noexcept {
  std::shared_ptr<Announced> first = std::move(first_);
  if (!first) return nullptr;
  first_ = std::move(first->link.next_);
  if (!first_) last_ = nullptr;
  first->link.is_listed_ = false;
  return first;
}

}  // namespace luvcurl
