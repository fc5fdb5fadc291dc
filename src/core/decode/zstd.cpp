#include <zstd.h>
#include <zstd_errors.h>

#include <new>

#include "core/decode/decoder.h"

namespace luvcurl::decode {

namespace {

// RFC 9659: what needs a larger window is no content coding. It is memory that the sender chooses.
constexpr int largest_window = 23;  // bits

// RFC 8878: a frame, or one to be skipped. The library may know others, of before the standard,
// by decoders that nobody looks after.
bool begins_frame(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte == 0x28 || byte >> 4U == 5;
}

// Frames one after the other.
class Zstd final : public Decoder {
 public:
  Zstd() : context_(ZSTD_createDCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, largest_window);
  }
  ~Zstd() override { ZSTD_freeDCtx(context_); }
  Zstd(const Zstd &) = delete;
  Zstd &operator=(const Zstd &) = delete;

  bool step(std::string_view *in, Room *out) override {
    if (in->empty() && !is_full_) return true;
    if (is_whole_ && !begins_frame(in->front())) return broken("Unknown frame descriptor");
    ZSTD_inBuffer bytes{in->data(), in->size(), 0};
    ZSTD_outBuffer room{out->at, out->size, 0};
    const std::size_t left = ZSTD_decompressStream(context_, &room, &bytes);
    in->remove_prefix(bytes.pos);
    out->filled(room.pos);
    if (ZSTD_isError(left) != 0) return fail(left);
    is_whole_ = left == 0;
    is_full_ = !is_whole_ && out->size == 0;
    return true;
  }

  bool has_more() const override { return is_full_; }
  bool is_whole() const override { return is_whole_; }

 private:
  bool fail(std::size_t error) {
    if (ZSTD_getErrorCode(error) == ZSTD_error_memory_allocation) throw std::bad_alloc();
    return broken(ZSTD_getErrorName(error));
  }

  ZSTD_DCtx *context_;
  bool is_whole_ = true;
  bool is_full_ = false;  // the room was, and there may be more
};

}  // namespace

std::unique_ptr<Decoder> make_zstd() { return std::make_unique<Zstd>(); }

}  // namespace luvcurl::decode
