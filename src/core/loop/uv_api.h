#pragma once

#include <uv.h>

namespace luvcurl {

// Every libuv function luvcurl uses. They belong to the host: which libuv it is (an executable's
// own, a shared one, one inside luv.so) is known at run time only, so none of them is linked.
#define LUVCURL_UV_FUNCTIONS(X) \
  X(poll_start)                 \
  X(poll_stop)                  \
  X(timer_start)                \
  X(timer_stop)                 \
  X(prepare_start)              \
  X(prepare_stop)               \
  X(is_active)                  \
  X(is_closing)                 \
  X(ref)                        \
  X(unref)                      \
  X(fileno)                     \
  X(backend_fd)                 \
  X(now)                        \
  X(hrtime)                     \
  X(queue_work)                 \
  X(version_string)

/// The host's libuv, as a table of functions.
struct UvApi {
#define LUVCURL_DECLARE(name) decltype(&uv_##name) name = nullptr;
  LUVCURL_UV_FUNCTIONS(LUVCURL_DECLARE)
#undef LUVCURL_DECLARE

  /// Fills the table with `find("uv_...")`; returns the name of the first function that is missing,
  /// or nullptr when all are there.
  template <class Find>
  const char *load(Find &&find) {
#define LUVCURL_LOAD(name)                                          \
  name = reinterpret_cast<decltype(&uv_##name)>(find("uv_" #name)); \
  if (name == nullptr) return "uv_" #name;
    LUVCURL_UV_FUNCTIONS(LUVCURL_LOAD)
#undef LUVCURL_LOAD
    return nullptr;
  }
};

}  // namespace luvcurl
