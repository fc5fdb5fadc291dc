#include <brotli/decode.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "core/decode/decoder.h"

namespace luvcurl::decode {

namespace {

// The library unfolds up to a whole window before it looks at the room for it, by about a
// millisecond for this many bits of window (the largest has 24).
constexpr unsigned int quick_window = 19;

// RFC 9.1: bits of the window, which the first byte tells; 0 where it tells something else.
unsigned int window_of(unsigned int first) {
  if ((first & 1U) == 0) return 16;
  const unsigned int large = first >> 1U & 7U, small = first >> 4U & 7U;
  if (large != 0) return 17 + large;
  return small == 0 ? 17 : small == 1 ? 0 : 8 + small;
}

// RFC 9.2: whether all of the body is one piece of at most 64 KB, of a large window.
bool is_small(unsigned int first) {
  const bool is_last = (first >> 4U & 1U) != 0, is_empty = (first >> 5U & 1U) != 0;
  return is_last && (is_empty || first >> 6U == 0);
}

bool is_large(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return window_of(byte) > quick_window && !is_small(byte);
}

class Brotli final : public Decoder {
 public:
  Brotli() : state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (state_ == nullptr) throw std::bad_alloc();
  }
  ~Brotli() override { BrotliDecoderDestroyInstance(state_); }
  Brotli(const Brotli &) = delete;
  Brotli &operator=(const Brotli &) = delete;

  // One call of the library's at most, which may be a slow one.
  bool step(std::string_view *in, Room *out) override {
    if (BrotliDecoderHasMoreOutput(state_) != BROTLI_FALSE) {
      take(out);
      return true;
    }
    if (is_over_) return in->empty() || broken("something else after its end");
    if (!has_begun_ && !in->empty()) begin(in->front());
    if (!decode(in)) return false;
    take(out);
    return true;
  }

  bool has_more() const override {
    return goes_on_ || BrotliDecoderHasMoreOutput(state_) != BROTLI_FALSE;
  }
  bool is_whole() const override { return is_over_ || !has_begun_; }
  bool is_slow(std::string_view in) const override {
    if (BrotliDecoderHasMoreOutput(state_) != BROTLI_FALSE) return false;
    return has_begun_ ? is_large_ : !in.empty() && is_large(in.front());
  }

 private:
  void begin(char first) {
    has_begun_ = true;
    is_large_ = is_large(first);
  }

  // What has been unfolded already.
  void take(Room *out) {
    while (out->size > 0 && BrotliDecoderHasMoreOutput(state_) != BROTLI_FALSE) {
      std::size_t size = out->size;
      const std::uint8_t *bytes = BrotliDecoderTakeOutput(state_, &size);
      std::memcpy(out->at, bytes, size);
      out->filled(size);
    }
  }

  // Without room for the output, which the library keeps: so it unfolds no more than it must.
  bool decode(std::string_view *in) {
    std::size_t in_size = in->size(), out_size = 0;
    const auto *next = reinterpret_cast<const std::uint8_t *>(in->data());
    std::uint8_t *none = nullptr;
    const BrotliDecoderResult result =
        BrotliDecoderDecompressStream(state_, &in_size, &next, &out_size, &none, nullptr);
    in->remove_prefix(in->size() - in_size);
    goes_on_ = result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    is_over_ = result == BROTLI_DECODER_RESULT_SUCCESS;
    if (result != BROTLI_DECODER_RESULT_ERROR) return true;
    const BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(state_);
    if (code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
        code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES)
      throw std::bad_alloc();
    return broken(BrotliDecoderErrorString(code));
  }

  BrotliDecoderState *state_;
  bool has_begun_ = false;
  bool is_large_ = false;  // its window, and maybe its output
  bool goes_on_ = false;   // without further bytes
  bool is_over_ = false;
};

}  // namespace

std::unique_ptr<Decoder> make_brotli() { return std::make_unique<Brotli>(); }

}  // namespace luvcurl::decode
