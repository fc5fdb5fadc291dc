#pragma once

#include <memory>

namespace luvcurl {

/// What wants to be told of by a later turn, with libcurl unwound (Loop::announce). Owned by shared
/// pointers: the list holds it until then.
class Announced : public std::enable_shared_from_this<Announced> {
 public:
  virtual ~Announced() = default;

  /// Tells whoever asked for it what has happened: scripts may run in here, and nowhere else.
  virtual void tell() = 0;

 private:
  friend class Announcements;

  bool is_listed_ = false;
  std::shared_ptr<Announced> next_;
};

/// The announced, in their order, each at most once. A list through themselves, so that nothing
/// here needs memory: no end of a transfer may be lost for want of it.
class Announcements {
 public:
  /// Puts it at the end. False when it is in the list already.
  bool add(Announced &one) noexcept {
    if (one.is_listed_) return false;
    one.is_listed_ = true;
    auto &end = last_ != nullptr ? last_->next_ : first_;
    end = one.shared_from_this();
    last_ = &one;
    return true;
  }

  /// Takes the first off; nullptr when there is none.
  std::shared_ptr<Announced> next() noexcept {
    std::shared_ptr<Announced> first = std::move(first_);
    if (!first) return nullptr;
    first_ = std::move(first->next_);
    if (!first_) last_ = nullptr;
    first->is_listed_ = false;
    return first;
  }

  bool empty() const noexcept { return first_ == nullptr; }
  const Announced *last() const noexcept { return last_; }

 private:
  std::shared_ptr<Announced> first_;
  Announced *last_ = nullptr;
};

}  // namespace luvcurl
