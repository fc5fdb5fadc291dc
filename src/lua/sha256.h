#pragma once

#include <array>
#include <cstddef>
#include <memory>

namespace luvcurl::lua {

/// SHA-256, by what the system has for it.
class Sha256 {
 public:
  using Digest = std::array<unsigned char, 32>;

  Sha256() noexcept;
  ~Sha256();
  Sha256(const Sha256 &) = delete;
  Sha256 &operator=(const Sha256 &) = delete;

  /// Whether there is one: without memory, or where policy forbids it, there is not.
  bool is_ready() const noexcept { return state_ != nullptr; }

  bool update(const char *bytes, std::size_t size) noexcept;

  /// That of all bytes so far; more may follow.
  bool digest(Digest *out) const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace luvcurl::lua
