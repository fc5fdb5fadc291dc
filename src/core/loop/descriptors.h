#pragma once

#include <atomic>
#include <cstddef>

namespace luvcurl {

/// The descriptors of the process, and what of them all Multis take together, of whatever Lua state
/// and thread.
struct Descriptors {
  /// How many connections of transfers may be open at once, unless the user says otherwise: a part
  /// of what the process may open now. SIZE_MAX for no limit.
  static std::size_t share() noexcept;

  /// Why the system gives no further ones, as errno has it; 0 when it does.
  static int refused() noexcept;

  static inline std::atomic<std::size_t> in_flight{0};  ///< transfers with a connection each
  static inline std::atomic<std::size_t> sockets{0};    ///< that libcurl has opened, idle ones too
};

}  // namespace luvcurl
