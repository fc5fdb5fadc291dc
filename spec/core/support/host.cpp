#include "support/host.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace luvcurl::spec {

UvApi linked_uv() {
  UvApi uv;
#define LUVCURL_LINKED(name) uv.name = &uv_##name;
  LUVCURL_UV_FUNCTIONS(LUVCURL_LINKED)
#undef LUVCURL_LINKED
  return uv;
}

PlainHost::PlainHost() {
  uv_loop_init(&loop_);
  uv_timer_init(&loop_, &guard_);
  guard_.data = this;
  luvcurl_ = std::make_shared<Loop>(&loop_, linked_uv(), *this);
}

PlainHost::~PlainHost() {
  luvcurl_->stop();
  uv_walk(
      &loop_,
      [](uv_handle_t *handle, void *self) {
        const bool guard =
            handle == reinterpret_cast<uv_handle_t *>(&static_cast<PlainHost *>(self)->guard_);
        if (guard && uv_is_closing(handle) == 0) uv_close(handle, nullptr);
      },
      this);
  close_handles();
  uv_run(&loop_, UV_RUN_DEFAULT);
  EXPECT_EQ(uv_loop_close(&loop_), 0) << "handles are left on the loop";
}

namespace {

template <class T>
uv_handle_t *allocate() {
  return static_cast<uv_handle_t *>(std::malloc(sizeof(T)));
}

}  // namespace

uv_handle_t **PlainHost::make(Kind kind, curl_socket_t fd) noexcept {
  if (refused_ == static_cast<int>(kind)) return nullptr;
  if (meanwhile_ && meanwhile_kind_ == kind) std::exchange(meanwhile_, nullptr)();
  uv_handle_t *handle = nullptr;
  int failed = 0;
  switch (kind) {
    case Kind::poll:
      handle = allocate<uv_poll_t>();
      failed = uv_poll_init(&loop_, reinterpret_cast<uv_poll_t *>(handle), fd);
      ++polls_;
      break;
    case Kind::timer:
      handle = allocate<uv_timer_t>();
      failed = uv_timer_init(&loop_, reinterpret_cast<uv_timer_t *>(handle));
      break;
    case Kind::prepare:
      handle = allocate<uv_prepare_t>();
      failed = uv_prepare_init(&loop_, reinterpret_cast<uv_prepare_t *>(handle));
      break;
  }
  if (failed != 0) {
    std::free(handle);
    return nullptr;
  }
  ++made_;
  cells_.push_back(handle);
  handle->data = &cells_.back();
  return &cells_.back();
}

void PlainHost::close_handles() {
  for (uv_handle_t *handle : cells_) {
    if (handle == nullptr || uv_is_closing(handle) != 0) continue;
    uv_close(handle, [](uv_handle_t *closed) {
      *static_cast<uv_handle_t **>(closed->data) = nullptr;
      std::free(closed);
    });
  }
  const auto all_freed = [this] {
    for (const uv_handle_t *handle : cells_) {
      if (handle != nullptr) return false;
    }
    return true;
  };
  while (!all_freed()) uv_run(&loop_, UV_RUN_NOWAIT);
}

bool PlainHost::run() {
  timed_out_ = false;
  uv_timer_start(
      &guard_,
      [](uv_timer_t *timer) {
        static_cast<PlainHost *>(timer->data)->timed_out_ = true;
        uv_stop(timer->loop);
      },
      patience, 0);
  uv_unref(reinterpret_cast<uv_handle_t *>(&guard_));
  uv_run(&loop_, UV_RUN_DEFAULT);
  uv_timer_stop(&guard_);
  return !timed_out_;
}

bool PlainHost::run_until(const std::function<bool()> &is_enough) {
  timed_out_ = false;
  uv_timer_start(
      &guard_, [](uv_timer_t *timer) { static_cast<PlainHost *>(timer->data)->timed_out_ = true; },
      patience, 0);
  uv_ref(reinterpret_cast<uv_handle_t *>(&guard_));
  while (!is_enough() && !timed_out_) uv_run(&loop_, UV_RUN_ONCE);
  uv_timer_stop(&guard_);
  return !timed_out_;
}

void PlainHost::run_for(std::uint64_t milliseconds) {
  timed_out_ = false;
  // Stopped, too: a timer that is due as an iteration begins would have it wait for something else.
  uv_timer_start(
      &guard_,
      [](uv_timer_t *timer) {
        static_cast<PlainHost *>(timer->data)->timed_out_ = true;
        uv_stop(timer->loop);
      },
      milliseconds, 0);
  uv_ref(reinterpret_cast<uv_handle_t *>(&guard_));
  while (!timed_out_) uv_run(&loop_, UV_RUN_ONCE);
}

}  // namespace luvcurl::spec
