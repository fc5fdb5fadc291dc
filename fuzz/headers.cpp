// Header lines as libcurl hands them over, cut at every LF; the first byte says how many there are
// before the body begins. Compiled as if for a libcurl before its header API (7.84), where the
// lines themselves are kept.

#include <curl/curl.h>

#include <cstdint>
#include <cstdlib>

#undef LIBCURL_VERSION_NUM
#define LIBCURL_VERSION_NUM 0x074900
#define Headers FallbackHeaders
#include "core/curl/headers.cpp"  // NOLINT(bugprone-suspicious-include)

using luvcurl::Headers;

namespace {

std::size_t visit_all(const Headers &headers) {
  std::size_t size = 0;
  for (const auto kind : {Headers::Kind::header, Headers::Kind::trailer,
                          Headers::Kind::informational, Headers::Kind::connect}) {
    for (int response = -1; response < 3; ++response) {
      headers.each(kind, response, [&size](std::string_view name, std::string_view value) {
        size += name.size() + value.size();
      });
    }
  }
  return size;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
  if (size == 0) return 0;
  Headers headers;
  std::string_view text(reinterpret_cast<const char *>(bytes) + 1, size - 1);
  for (unsigned int lines = 0; !text.empty(); ++lines) {
    if (lines == bytes[0]) headers.body_began();
    const std::size_t end = text.find('\n');
    const std::size_t length = end == std::string_view::npos ? text.size() : end + 1;
    if (headers.line(text.substr(0, length)) == Headers::Line::end && headers.status() / 100 == 3)
      headers.redirected(headers.locations().empty() ? std::string()
                                                     : std::string(headers.locations().front()));
    text.remove_prefix(length);
  }
  // What is visited was in the lines, once.
  if (visit_all(headers) > 2 * size || headers.reason().size() > size) std::abort();
  headers.clear();
  return 0;
}
