#pragma once

#include <curl/curl.h>

namespace luvcurl {

/// What of a transfer's bytes is held back, either way, and why. What is wanted (by luvcurl's
/// buffers, by the user) and what libcurl holds are two things: the first may change at any time,
/// the second follows in apply(), with libcurl unwound, or when a callback of libcurl's refuses.
class Flow {
 public:
  enum Way : unsigned { none = 0, down = 1, up = 2, both = 3 };

  /// luvcurl's buffer of that way wants it held: the one down is full, the one up is empty.
  void block(Way way) noexcept { blocked_ |= way; }
  /// No longer. False when it did not.
  bool unblock(Way way) noexcept;

  /// The user wants both ways held. False when that is so already.
  bool pause() noexcept;
  /// No longer. False when that is so already.
  bool resume() noexcept;
  bool is_paused() const noexcept { return paused_; }

  /// A callback of libcurl's answers that it is to hold this way.
  void refuse(Way way) noexcept { held_ |= way; }
  /// From within such a callback: has libcurl hold both until the next apply().
  void hold(CURL *easy) noexcept;
  /// Whether libcurl holds anything.
  bool is_held() const noexcept { return held_ != none; }

  /// Makes libcurl hold what is wanted. Returns whether it lets anything go by that.
  bool apply(CURL *easy, bool has_body) noexcept;
  /// Lets all go, for a transfer that leaves libcurl.
  void let_go(CURL *easy) const noexcept;

  /// Nothing is held nor to be, but by the user: the request is sent anew.
  void restart() noexcept { held_ = blocked_ = none; }

 private:
  unsigned held_ = none;
  unsigned blocked_ = none;
  bool paused_ = false;
};

}  // namespace luvcurl
