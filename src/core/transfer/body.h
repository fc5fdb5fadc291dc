#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace luvcurl {

/// Bytes of a body that are read, told of and given out at a time, where they come that fast. A bit
/// less than 128 KB: LuaJIT has strings of that mapped by the system, page by page and each time
/// anew.
constexpr std::size_t piece_size = 124 * 1024;

/// Bytes that wait for a consumer. `append` never refuses: the caller compares size() with its
/// high-water mark before it takes more.
class ByteQueue {
 public:
  void append(const char *bytes, std::size_t size);

  std::size_t size() const { return bytes_ ? bytes_->size() - taken_ : 0; }
  bool empty() const { return size() == 0; }

  /// The bytes waiting, oldest first.
  std::string_view view() const {
    return bytes_ ? std::string_view(*bytes_).substr(taken_) : std::string_view();
  }

  /// Keeps what view() shows readable, whatever becomes of the queue meanwhile. nullptr when there
  /// is nothing.
  std::shared_ptr<const std::string> lend() const { return bytes_; }

  /// How many bytes have been dropped so far.
  std::uint64_t position() const { return position_; }

  /// Drops the oldest `size` bytes.
  void drop(std::size_t size);

  void clear();

 private:
  bool is_lent() const { return bytes_.use_count() > 1; }

  std::shared_ptr<std::string> bytes_;
  std::size_t taken_ = 0;
  std::uint64_t position_ = 0;
};

/// Bytes that are collected until all are there. Beyond some size the memory is moved by its pages
/// when it grows: to copy hundreds of MB would hold the loop.
class Collected {
 public:
  Collected() = default;
  ~Collected() { clear(); }
  Collected(const Collected &) = delete;
  Collected &operator=(const Collected &) = delete;

  /// Throws std::bad_alloc, and has what it had then.
  void append(const char *bytes, std::size_t size) {
    if (size == 0) return;  // memcpy takes no nullptr
    if (room_ - size_ < size) reserve(size_ + std::max(size, room_));
    std::memcpy(bytes_ + size_, bytes, size);
    size_ += size;
  }
  void reserve(std::size_t room);
  void clear() noexcept;

  std::string_view view() const { return {bytes_, size_}; }
  std::size_t room() const { return room_; }  ///< of bytes, before more memory is needed

 private:
  char *bytes_ = nullptr;
  std::size_t size_ = 0;
  std::size_t room_ = 0;
};

/// Bytes on their way from a source to libcurl.
class Outbox {
 public:
  /// Below this many bytes the source is asked for more, so that libcurl seldom runs dry.
  static constexpr std::size_t low_water = 64 * 1024;

  void append(const char *bytes, std::size_t size);

  /// The next `size` bytes of the source are not wanted.
  void skip(std::uint64_t size);

  void finish() { finished_ = true; }

  /// Moves up to `size` bytes to `out`; returns how many.
  std::size_t read(char *out, std::size_t size);

  std::size_t size() const { return bytes_.size(); }
  /// How many bytes libcurl has taken since the source's start.
  std::uint64_t given() const { return bytes_.position() - start_; }
  bool finished() const { return finished_; }
  bool low() const { return !finished_ && size() < low_water; }

  /// Whether the source is to be asked now: low, and the last question answered. Notes that it was.
  bool ask();

  /// Whether libcurl has read anything since the source's start.
  bool touched() const { return touched_; }

  /// The bytes are to come anew, from the source's first one.
  void restart();

  /// Whether the source has yet to be told so: what it gives until then is of the old round.
  bool stale() const { return stale_; }

  /// Whether it is to be told now. Notes that it was.
  bool take_rewind() {
    const bool was = stale_;
    stale_ = false;
    return was;
  }

 private:
  ByteQueue bytes_;
  bool finished_ = false;
  bool asked_ = false;
  std::uint64_t unwanted_ = 0;  // of what is yet to come
  bool touched_ = false;
  bool stale_ = false;
  std::uint64_t start_ = 0;  // bytes taken of the rounds before this one
};

}  // namespace luvcurl
