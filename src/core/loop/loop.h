#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/loop/announced.h"
#include "core/loop/background.h"
#include "core/loop/budget.h"
#include "core/loop/elsewhere.h"
#include "core/loop/handle.h"
#include "core/loop/interest.h"
#include "core/loop/participant.h"
#include "core/loop/polls.h"

namespace luvcurl {

/// luvcurl's side of the host's loop: one prepare and one timer handle for all of a Lua state.
///
/// It knows of those on it only what they do there: take part in turns (Participant), own sockets
/// (SocketOwner), have something to tell (Announced). libcurl is entered from two uv callbacks
/// only: a socket's event drives its owner at once, and everything else (starting, stopping,
/// pausing, timers) happens in turn(), once per loop iteration, just before the loop waits. What
/// was announced is told from turn() too, with libcurl unwound, and so all scripts are called.
class Loop {
 public:
  /// `uv` must be filled; `factory` makes handles on `loop` and is not used after stop().
  Loop(uv_loop_t *loop, const UvApi &uv, HandleFactory &factory);
  ~Loop();
  Loop(const Loop &) = delete;
  Loop &operator=(const Loop &) = delete;

  const UvApi &uv() const { return uv_; }
  Interest &interest() { return interest_; }

  /// The time in ms, on the loop's clock. Not uv_now(): that stands still while a script computes,
  /// and what starts afterwards would have its timeouts shortened by as much.
  std::uint64_t now() const { return uv_.hrtime() / 1000000; }

  /// Makes the handles if there are none yet. When the host has closed them, the participants end
  /// what is in flight first, and the handles are made anew. False when they cannot be made.
  bool ensure();

  /// The host has closed the prepare handle: has the participants end what is in flight, and tells
  /// of it. Called from the close callback.
  void lost() noexcept;

  /// Has turn() run before the loop waits next. Legal at any time, inside libcurl too.
  void wake() noexcept;

  void join(Participant *participant);
  void leave(Participant *participant) noexcept;

  /// Has all participants give up what they keep open only for later; see Participant::spare. Not
  /// to be called within libcurl.
  bool spare();

  /// Counts what keeps the loop alive.
  void hold(int change) noexcept;

  /// How much keeps the loop alive, where nobody has run the loop so far; else 0.
  int never_run() const { return ran_ ? 0 : holds_; }

  /// turn() has it tell. Needs no memory, so that no end is ever lost.
  void announce(Announced &one) noexcept;

  /// From now on what is announced is told where `elsewhere` says, and not in turns.
  void tell_at(Elsewhere *elsewhere) noexcept { elsewhere_ = elsewhere; }

  /// Tells what was announced, for as long as a turn may take; asks for another call if that is not
  /// enough. For Elsewhere, with neither libcurl nor a callback of the loop beneath it.
  void tell_elsewhere();

  /// Whether whoever is told now is told elsewhere.
  bool is_elsewhere() const { return is_elsewhere_; }

  /// Has the thread pool of the host's libuv do it. False where that takes no more.
  bool in_background(std::unique_ptr<Background> job) noexcept;

  /// turn() runs at this loop time at the latest.
  void note_deadline(std::uint64_t deadline) noexcept;

  /// The longest that one iteration of the loop has worked for us, in nanoseconds.
  std::uint64_t longest_turn() const { return budget_.longest(); }

  /// Whether anything may be under way.
  bool has_handles() const { return prepare_.get(uv_) != nullptr; }

  /// Has the participants end all that is in flight. False when there are no handles to tell it by.
  bool shut_down();

  /// Whether everybody who has ended was told.
  bool has_told() const;

  /// Has the participants close what they keep for later; then gives the handles that nothing needs
  /// any more, by their cells.
  std::vector<uv_handle_t **> rest();

  /// Lets go of one of them, if still nothing needs it: the host may close it.
  bool let_go(uv_handle_t **cell) noexcept;

  /// Stops all handles and forgets the host: the Lua state is closing.
  void stop() noexcept;

 private:
  template <class IsOwn>
  static Loop *of(const uv_handle_t *handle, IsOwn &&is_own) noexcept;
  static void on_poll(uv_poll_t *poll, int status, int events) noexcept;
  static void on_prepare(uv_prepare_t *prepare) noexcept;
  static void on_timer(uv_timer_t *timer) noexcept;

  bool make_handles();
  void turn();
  void work(std::uint64_t until);
  void set_budget() noexcept;
  bool deliver(Announcements &announced, std::uint64_t until);
  bool ask_elsewhere(std::uint64_t until);
  void schedule() noexcept;
  void arm(std::uint64_t deadline) noexcept;

  uv_loop_t *loop_;
  Loop *next_of_thread_ = nullptr;
  const UvApi uv_;
  HandleFactory &factory_;
  Interest interest_;
  Polls polls_;
  Handle prepare_;
  Handle timer_;
  std::vector<Participant *> participants_;
  Announcements announced_;
  Announcements announced_elsewhere_;
  Elsewhere *elsewhere_ = nullptr;
  std::uint64_t deadline_ = UINT64_MAX;  // the earliest of the participants'
  std::uint64_t armed_ = UINT64_MAX;     // what the uv timer is set to
  Budget budget_;
  int holds_ = 0;
  bool has_work_ = false;
  bool told_ = false;  // somebody was told in this turn
  bool stopped_ = false;
  bool ran_ = false;           // there was a turn
  bool asked_ = false;         // tell_elsewhere() will be called
  bool is_elsewhere_ = false;  // it is under way
};

}  // namespace luvcurl
