#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/transfer/body.h"

namespace luvcurl {

/// Where the bytes of a response's body go: collected until the end, or waiting for the consumer,
/// or thrown away.
class Intake {
 public:
  /// Takes bytes to be collected. `announced` is the server's size of all of them, asked only when
  /// memory is needed.
  template <class SizeOf>
  void collect(const char *bytes, std::size_t size, SizeOf &&announced) {
    received_ += size;
    if (discards_) {
      discarded_ += size;
      return;
    }
    if (collected_.room() == 0) reserve(size, announced());
    collected_.append(bytes, size);
  }

  /// Takes bytes that wait. Returns whether they do: false when they are thrown away.
  bool append(const char *bytes, std::size_t size);

  /// The bytes that wait, oldest first.
  std::string_view waiting() const { return inbox_.view(); }
  /// Keeps them readable, and how many went before them: see ByteQueue.
  std::shared_ptr<const std::string> lend() const { return inbox_.lend(); }
  std::uint64_t position() const { return inbox_.position(); }
  std::size_t size() const { return inbox_.size(); }
  void drop(std::size_t size) { inbox_.drop(size); }

  /// From now on all is thrown away, what waits too. Returns how many bytes, since the last call.
  std::uint64_t discard();

  const Collected &collected() const { return collected_; }
  void drop_collected() { collected_.clear(); }

  bool discards() const { return discards_; }

  /// How many bytes have come, decompressed.
  std::uint64_t received() const { return received_; }

 private:
  void reserve(std::size_t at_least, std::int64_t announced);

  Collected collected_;
  ByteQueue inbox_;
  std::uint64_t received_ = 0;
  std::uint64_t discarded_ = 0;
  bool discards_ = false;
};

}  // namespace luvcurl
