#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/decode/coding.h"

namespace luvcurl::decode {

/// Memory to be filled.
struct Room {
  char *at = nullptr;
  std::size_t size = 0;

  void filled(std::size_t bytes) {
    at += bytes;
    size -= bytes;
  }
};

/// Undoes one coding, by its library.
class Decoder {
 public:
  virtual ~Decoder() = default;

  /// Takes bytes off `in` and puts what they become to `out`: some of them, and all in some number
  /// of steps. Returns false, and says why, when the bytes are none of this coding. Throws
  /// std::bad_alloc.
  virtual bool step(std::string_view *in, Room *out) = 0;

  /// Whether a further step may give something without further bytes.
  virtual bool has_more() const = 0;

  /// Whether the body may end here.
  virtual bool is_whole() const = 0;

  /// Whether the next step, which is given `in`, may take longer than a loop may be held.
  virtual bool is_slow(std::string_view in) const {
    (void)in;
    return false;
  }

  /// What was wrong with the bytes.
  const std::string &why() const { return why_; }

 protected:
  bool broken(const char *why) {
    why_ = why != nullptr ? why : "not valid";
    return false;
  }

 private:
  std::string why_;
};

/// Throws std::bad_alloc.
std::unique_ptr<Decoder> make_decoder(Coding coding);

// Where it was built with the library.
std::unique_ptr<Decoder> make_gzip();
std::unique_ptr<Decoder> make_deflate();
std::unique_ptr<Decoder> make_brotli();
std::unique_ptr<Decoder> make_zstd();

}  // namespace luvcurl::decode
