#pragma once

#include <curl/curl.h>

#include "core/loop/uv_api.h"

namespace luvcurl {

/// Makes handles on the host's loop. In Lua hosts luv makes them (a handle that a C module
/// initialises itself crashes luv at exit: it trusts every handle's `data`); C++ tests make them
/// with plain libuv.
class HandleFactory {
 public:
  enum class Kind { poll, timer, prepare };

  virtual ~HandleFactory() = default;

  /// Makes an inactive handle (`fd` for polls only). Returns the cell that points to it, which
  /// stays readable until the factory dies and holds nullptr once the host has freed the handle; or
  /// nullptr when the handle cannot be made. Never closes one: Loop::rest() says which the host
  /// may.
  virtual uv_handle_t **make(Kind kind, curl_socket_t fd) noexcept = 0;
};

/// A handle on loan: the host may close or free it at any moment (uv.walk, exit), so look before
/// each use.
class Handle {
 public:
  Handle() = default;
  explicit Handle(uv_handle_t **cell) : cell_(cell) {}

  /// The handle, or nullptr when the host has closed it or it was never made.
  uv_handle_t *get(const UvApi &uv) const noexcept {
    return cell_ != nullptr && *cell_ != nullptr && uv.is_closing(*cell_) == 0 ? *cell_ : nullptr;
  }

  /// What tells it from others, to the factory.
  uv_handle_t **cell() const noexcept { return cell_; }

  template <class T>
  T *as(const UvApi &uv) const noexcept {
    return reinterpret_cast<T *>(get(uv));
  }

 private:
  uv_handle_t **cell_ = nullptr;
};

}  // namespace luvcurl
