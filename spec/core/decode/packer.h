#pragma once

#include <string>
#include <string_view>

namespace luvcurl::spec {

/// Packs as servers do. `gzip`, `zlib` (a deflate with its header), `raw` (one without).
std::string deflated(std::string_view text, int window_bits);
inline std::string gzip(std::string_view text) { return deflated(text, 15 + 16); }
inline std::string zlib(std::string_view text) { return deflated(text, 15); }
inline std::string raw(std::string_view text) { return deflated(text, -15); }
std::string brotli(std::string_view text, int quality = 5, int window_bits = 22);
std::string zstd(std::string_view text, int window_bits = 0);

}  // namespace luvcurl::spec
