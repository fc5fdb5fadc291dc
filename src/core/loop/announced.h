#pragma once

#include <memory>

namespace luvcurl {

/// What wants to be told of by a later turn, with libcurl unwound (Loop::announce). Owned by shared
/// pointers: the list holds it until then.
class Announced : public std::enable_shared_from_this<Announced> {
 public:
  /// Tells whoever asked for it what has happened: scripts may run in here, and nowhere else.
  virtual void tell() = 0;

  /// Whether it tells in a turn of the loop even where others are told elsewhere (Elsewhere).
  virtual bool is_fast() const { return false; }

  /// Its place in the list, which is the list's to know.
  class Link {
    friend class Announcements;
    std::shared_ptr<Announced> next_;
    bool is_listed_ = false;
  };
  Link link;

 protected:
  ~Announced() = default;  // nobody deletes it as one
};

/// The announced, in their order, each at most once. A list through themselves, so that nothing
/// here needs memory: no end of a transfer may be lost for want of it.
class Announcements {
 public:
  /// Puts it at the end. False when it is in the list already.
  bool add(Announced &one) noexcept;

  /// Takes the first off; nullptr when there is none.
  std::shared_ptr<Announced> next() noexcept;

  bool empty() const noexcept { return first_ == nullptr; }
  const Announced *last() const noexcept { return last_; }

 private:
  std::shared_ptr<Announced> first_;
  Announced *last_ = nullptr;
};

}  // namespace luvcurl
