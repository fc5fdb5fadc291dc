#pragma once

namespace luvcurl {

/// Where scripts are to be called when that is not beneath a callback of the loop: Neovim's main
/// loop, where all of its API may be used.
class Elsewhere {
 public:
  /// Has Loop::tell_elsewhere() called there, once, soon. False when it cannot be.
  virtual bool ask() noexcept = 0;

  /// Whether nothing is called there now, since a script runs the loop by itself.
  virtual bool is_shut() noexcept = 0;

 protected:
  ~Elsewhere() = default;  // nobody owns it as one
};

}  // namespace luvcurl
