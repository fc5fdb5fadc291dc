#pragma once

#include <uv.h>

namespace luvcurl {

/// Work that would hold the loop for too long: done on another thread (Loop::in_background), and
/// gone afterwards. It outlives everything else of ours, should the state close meanwhile; libuv
/// has it come back even then, if it goes on at all.
class Background {
 public:
  virtual ~Background() = default;

  /// On that thread: touches nothing but what is its own.
  virtual void work() noexcept = 0;

  /// On the loop's, afterwards: whoever has asked for it may be gone.
  virtual void worked() noexcept = 0;

 private:
  friend class Loop;
  static void on_work(uv_work_t *request) noexcept;
  static void on_worked(uv_work_t *request, int status) noexcept;

  uv_work_t request_{};
};

}  // namespace luvcurl
