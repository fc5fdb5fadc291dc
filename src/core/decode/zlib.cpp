// gzip and deflate, by zlib.

#define ZLIB_CONST
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

#include "core/decode/decoder.h"

namespace luvcurl::decode {

namespace {

constexpr int largest_window = 15;  // bits
constexpr int as_gzip = 16;

class Inflater : public Decoder {
 public:
  explicit Inflater(int window_bits) { begin(window_bits); }
  ~Inflater() override { inflateEnd(&stream_); }
  Inflater(const Inflater &) = delete;
  Inflater &operator=(const Inflater &) = delete;

  bool has_more() const override { return is_full_; }

 protected:
  void begin(int window_bits) {
    if (inflateInit2(&stream_, window_bits) != Z_OK) throw std::bad_alloc();
  }
  void begin_anew() { inflateReset(&stream_); }
  void begin_anew(int window_bits) { inflateReset2(&stream_, window_bits); }

  // Returns zlib's word: Z_OK, Z_STREAM_END, or an error.
  int inflate_some(std::string_view *in, Room *out) {
    constexpr std::size_t most = std::numeric_limits<uInt>::max();
    const auto in_size = static_cast<uInt>(std::min(in->size(), most));
    const auto out_size = static_cast<uInt>(std::min(out->size, most));
    stream_.next_in = reinterpret_cast<const Bytef *>(in->data());
    stream_.avail_in = in_size;
    stream_.next_out = reinterpret_cast<Bytef *>(out->at);
    stream_.avail_out = out_size;
    const int result = inflate(&stream_, Z_SYNC_FLUSH);
    in->remove_prefix(in_size - stream_.avail_in);
    out->filled(out_size - stream_.avail_out);
    is_full_ = out->size == 0 && result != Z_STREAM_END;
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    return result == Z_BUF_ERROR ? Z_OK : result;  // nothing to do with what there is
  }
  const char *message() const { return stream_.msg; }

 private:
  z_stream stream_{};
  bool is_full_ = false;  // the room was, and there may be more
};

// Members one after the other, and zeros between and behind them, as tar and tapes leave them.
class Gzip final : public Inflater {
 public:
  Gzip() : Inflater(largest_window + as_gzip) {}

  bool step(std::string_view *in, Room *out) override {
    for (;;) {
      if (is_between_) {
        in->remove_prefix(std::min(in->find_first_not_of('\0'), in->size()));
        if (in->empty()) return true;
        constexpr char first_of_member = '\x1f';
        if (in->front() != first_of_member) return broken("something else after its end");
        begin_anew();
        is_between_ = false;
      }
      if (in->empty() && is_whole()) return true;
      has_begun_ = has_begun_ || !in->empty();
      const int result = inflate_some(in, out);
      if (result != Z_OK && result != Z_STREAM_END) return broken(message());
      if (result == Z_OK) return true;
      is_between_ = true;
    }
  }

  bool is_whole() const override { return is_between_ || !has_begun_; }

 private:
  bool has_begun_ = false;
  bool is_between_ = false;
};

// With zlib's header around it or, as some servers send it, without: the first two bytes tell.
class Deflate final : public Inflater {
 public:
  Deflate() : Inflater(largest_window) {}

  bool step(std::string_view *in, Room *out) override {
    if (!is_known_) {
      if (in->empty()) return true;
      if (!has_first_ && in->size() == 1) return keep_first(in);
      if (!begin_as(has_first_ ? first_ : in->front(), (*in)[has_first_ ? 0 : 1], out))
        return false;
    }
    return is_over_ ? skip_trailer(in) : inflate_on(in, out);
  }

  bool is_whole() const override { return is_over_ || (!is_known_ && !has_first_); }

 private:
  bool keep_first(std::string_view *in) {
    first_ = in->front();
    has_first_ = true;
    in->remove_prefix(1);
    return true;
  }

  bool begin_as(char first, char second, Room *out) {
    is_known_ = true;
    is_raw_ = !is_header(static_cast<unsigned char>(first), static_cast<unsigned char>(second));
    if (is_raw_) begin_anew(-largest_window);
    if (!has_first_) return true;
    std::string_view kept(&first_, 1);  // too little for anything to come out
    return inflate_on(&kept, out);
  }

  // RFC 1950, 2.2.
  static bool is_header(unsigned int method, unsigned int flags) {
    return (method & 15U) == 8 && method >> 4U <= 7 && (method * 256 + flags) % 31 == 0;
  }

  bool inflate_on(std::string_view *in, Room *out) {
    const int result = inflate_some(in, out);
    if (result != Z_OK && result != Z_STREAM_END) return broken(message());
    is_over_ = result == Z_STREAM_END;
    return !is_over_ || skip_trailer(in);
  }

  // Who leaves out the header may send the checksum that belongs to it.
  bool skip_trailer(std::string_view *in) {
    const std::size_t size = is_raw_ ? std::min(in->size(), trailer_) : 0;
    trailer_ -= size;
    in->remove_prefix(size);
    return in->empty() || broken("something else after its end");
  }

  std::size_t trailer_ = 4;
  char first_ = 0;
  bool has_first_ = false;
  bool is_known_ = false;
  bool is_raw_ = false;
  bool is_over_ = false;
};

}  // namespace

std::unique_ptr<Decoder> make_gzip() { return std::make_unique<Gzip>(); }
std::unique_ptr<Decoder> make_deflate() { return std::make_unique<Deflate>(); }

}  // namespace luvcurl::decode
