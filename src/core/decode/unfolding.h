#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/decode/coding.h"
#include "core/decode/decoder.h"

namespace luvcurl::decode {

/// A body on its way through the decoders of its codings, the last one that was applied first.
/// Bytes are fed as they come and wait in here until they are taken, unfolded, piece by piece.
class Unfolding {
 public:
  /// In the order in which they were applied, at least one.
  explicit Unfolding(const std::vector<Coding> &codings);
  ~Unfolding();
  Unfolding(const Unfolding &) = delete;
  Unfolding &operator=(const Unfolding &) = delete;

  /// Takes the next bytes; they are copied. Throws std::bad_alloc.
  void feed(const char *bytes, std::size_t size);

  /// Whether nothing can be done without further bytes. So it is at first, and when it is broken
  /// and what came before that is out.
  bool is_idle() const { return runnable() == none; }

  /// Whether the next step may take longer than a loop may be held.
  bool is_slow() const;

  /// Works a bounded while. Returns how many bytes have come out, which may be none. Throws
  /// std::bad_alloc. Not if is_idle(); `size` is at least 1.
  std::size_t step(char *out, std::size_t size);

  /// The bytes were not what the codings say.
  bool is_broken() const { return broken_ != none; }

  /// Idle, and nothing is missing: all of the body, or no byte of it at all, has come.
  bool is_whole() const;

  /// For an error's message: what is wrong where it is broken, or what is not whole.
  std::string why() const;

 private:
  struct Stage;
  static constexpr std::size_t none = SIZE_MAX;
  std::size_t runnable() const;
  std::size_t unfinished() const;

  std::vector<Stage> stages_;
  std::size_t broken_ = none;  // the stage that is
};

}  // namespace luvcurl::decode
