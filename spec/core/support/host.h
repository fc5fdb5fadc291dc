#pragma once

#include <uv.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

#include "core/loop/handle.h"
#include "core/loop/loop.h"

namespace luvcurl::spec {

/// The libuv that the tests are linked with, as a table.
UvApi linked_uv();

/// What luv is to luvcurl in a Lua host: a loop, and handles on it that luvcurl never closes.
class PlainHost final : public HandleFactory {
 public:
  PlainHost();
  /// Stops luvcurl, closes every handle of the loop and expects the loop to be empty then.
  ~PlainHost() override;

  uv_handle_t **make(Kind kind, curl_socket_t fd) noexcept override;

  uv_loop_t *loop() { return &loop_; }

  /// luvcurl's side of this loop.
  const std::shared_ptr<Loop> &luvcurl() { return luvcurl_; }

  /// What uv.walk(uv.close) does in a script: closes every handle that luvcurl was given, and runs
  /// the loop until they are freed.
  void close_handles();

  /// How many handles were made, and how many of them are polls.
  int made() const { return made_; }
  int polls() const { return polls_; }

  /// From now on no handle of this kind can be made.
  void refuse(Kind kind) { refused_ = static_cast<int>(kind); }

  /// Has this called once, when a handle of this kind is made next: as a finalizer of a script's.
  void while_making(std::function<void()> call, Kind kind = Kind::prepare) {
    meanwhile_ = std::move(call);
    meanwhile_kind_ = kind;
  }

  /// Runs the loop until nothing keeps it alive. False when that takes too long.
  bool run();

  /// Runs the loop until `is_enough`. False when that takes too long.
  bool run_until(const std::function<bool()> &is_enough);

  /// Runs the loop for so long, whatever keeps it alive.
  void run_for(std::uint64_t milliseconds);

 private:
  static constexpr std::uint64_t patience = 20000;  // ms

  uv_loop_t loop_{};
  uv_timer_t guard_{};
  std::deque<uv_handle_t *> cells_;  // a deque, so that cells do not move
  std::shared_ptr<Loop> luvcurl_;
  bool timed_out_ = false;
  int made_ = 0;
  int polls_ = 0;
  int refused_ = -1;
  std::function<void()> meanwhile_;
  Kind meanwhile_kind_ = Kind::prepare;
};

}  // namespace luvcurl::spec
