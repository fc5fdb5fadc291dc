#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/loop/budget.h"
#include "core/loop/handle.h"
#include "core/loop/interest.h"
#include "core/loop/polls.h"

namespace luvcurl {

class Multi;
class Transfer;

/// What the loaded libcurl needs to be handled with care.
struct Quirks {
  bool recheck_timer = false;
  bool forgets_ftp = false;
};

/// luvcurl's side of the host's loop: one prepare and one timer handle for all Multis of a Lua
/// state.
///
/// libcurl is entered from two uv callbacks only: a socket's event drives it at once, and
/// everything else (starting, stopping, pausing, timers) happens in turn(), once per loop
/// iteration, just before the loop waits. The sinks, and so all scripts, are called from turn()
/// too, with libcurl unwound.
class Loop {
 public:
  /// `uv` must be filled; `factory` makes handles on `loop` and is not used after stop().
  Loop(uv_loop_t *loop, const UvApi &uv, HandleFactory &factory);
  ~Loop();
  Loop(const Loop &) = delete;
  Loop &operator=(const Loop &) = delete;

  const UvApi &uv() const { return uv_; }
  Interest &interest() { return interest_; }
  const Quirks &quirks() const { return quirks_; }

  /// The time in ms, on the loop's clock. Not uv_now(): that stands still while a script computes,
  /// and what starts afterwards would have its timeouts shortened by as much.
  std::uint64_t now() const { return uv_.hrtime() / 1000000; }

  /// Makes the handles if there are none yet. When the host has closed them, every transfer in
  /// flight ends with an error first, and the handles are made anew. False when they cannot be
  /// made.
  bool ensure();

  /// The host has closed the prepare handle: ends every transfer with an error and tells their
  /// sinks. Called from the close callback.
  void lost() noexcept;

  /// Has turn() run before the loop waits next. Legal at any time, inside libcurl too.
  void wake() noexcept;

  void join(Multi *multi);
  void leave(Multi *multi) noexcept;

  /// Counts transfers that keep the loop alive.
  void hold(int change) noexcept;

  /// turn() makes libcurl hold what the transfer says and tells its sink what is due. Needs no
  /// memory, so that no transfer's end is ever lost.
  void announce(Transfer &transfer) noexcept;

  /// turn() runs at this loop time at the latest.
  void note_deadline(std::uint64_t deadline) noexcept;

  /// The longest that one iteration of the loop has worked for us, in nanoseconds.
  std::uint64_t longest_turn() const { return budget_.longest(); }

  /// Stops all handles and forgets the host: the Lua state is closing.
  void stop() noexcept;

  static void on_poll(uv_poll_t *poll, int status, int events) noexcept;

 private:
  static Loop *of(const uv_loop_t *loop) noexcept;
  static void on_prepare(uv_prepare_t *prepare) noexcept;
  static void on_timer(uv_timer_t *timer) noexcept;

  bool make_handles();
  void turn();
  void work(std::uint64_t until);
  void set_budget() noexcept;
  std::shared_ptr<Transfer> next_announced() noexcept;
  bool deliver(std::uint64_t until);
  void schedule() noexcept;
  void arm(std::uint64_t deadline) noexcept;

  uv_loop_t *loop_;
  Loop *next_of_thread_ = nullptr;
  const UvApi uv_;
  HandleFactory &factory_;
  Quirks quirks_;
  Interest interest_;
  Polls polls_;
  Handle prepare_;
  Handle timer_;
  std::vector<Multi *> multis_;
  std::shared_ptr<Transfer> announced_;  // the first of a list through next_announced_
  Transfer *last_announced_ = nullptr;
  std::uint64_t deadline_ = UINT64_MAX;  // of the lanes and of luvcurl's own timeouts
  std::uint64_t armed_ = UINT64_MAX;     // what the uv timer is set to
  Budget budget_;
  int holds_ = 0;
  bool has_work_ = false;
  bool told_ = false;  // a sink was called in this turn
  bool stopped_ = false;
};

}  // namespace luvcurl
