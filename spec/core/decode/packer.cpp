#include "decode/packer.h"

#include <brotli/encode.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

namespace luvcurl::spec {

std::string deflated(std::string_view text, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string bytes(deflateBound(&stream, text.size()) + 64, '\0');
  std::string copy(text);
  stream.next_in = reinterpret_cast<Bytef *>(copy.data());
  stream.avail_in = static_cast<uInt>(copy.size());
  stream.next_out = reinterpret_cast<Bytef *>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  bytes.resize(stream.total_out);
  deflateEnd(&stream);
  return bytes;
}

std::string brotli(std::string_view text, int quality, int window_bits) {
  std::string bytes(BrotliEncoderMaxCompressedSize(text.size()) + 64, '\0');
  std::size_t size = bytes.size();
  EXPECT_EQ(BrotliEncoderCompress(quality, window_bits, BROTLI_MODE_GENERIC, text.size(),
                                  reinterpret_cast<const std::uint8_t *>(text.data()), &size,
                                  reinterpret_cast<std::uint8_t *>(bytes.data())),
            BROTLI_TRUE);
  bytes.resize(size);
  return bytes;
}

std::string zstd(std::string_view text, int window_bits) {
  ZSTD_CCtx *context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  if (window_bits != 0) ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_bits);
  std::string bytes(ZSTD_compressBound(text.size()) + 64, '\0');
  ZSTD_inBuffer in{text.data(), text.size(), 0};
  ZSTD_outBuffer out{bytes.data(), bytes.size(), 0};
  // Without its end at first: the packer would fit the window to what it knows to be all.
  EXPECT_FALSE(ZSTD_isError(ZSTD_compressStream2(context, &out, &in, ZSTD_e_continue)));
  EXPECT_EQ(ZSTD_compressStream2(context, &out, &in, ZSTD_e_end), 0U);
  bytes.resize(out.pos);
  ZSTD_freeCCtx(context);
  return bytes;
}

}  // namespace luvcurl::spec
