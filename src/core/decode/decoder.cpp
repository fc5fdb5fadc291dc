#include "core/decode/decoder.h"

namespace luvcurl::decode {

// Codings names no other than those that are built.
std::unique_ptr<Decoder> make_decoder(Coding coding) {
  switch (coding) {
#ifdef LUVCURL_HAS_ZLIB
    case Coding::gzip:
      return make_gzip();
    case Coding::deflate:
      return make_deflate();
#endif
#ifdef LUVCURL_HAS_BROTLI
    case Coding::brotli:
      return make_brotli();
#endif
#ifdef LUVCURL_HAS_ZSTD
    case Coding::zstd:
      return make_zstd();
#endif
    default:
      return nullptr;
  }
}

}  // namespace luvcurl::decode
