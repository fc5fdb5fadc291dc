#include "core/stale_header.h"

#include <curl/curl.h>

namespace luvcurl::stale_header {

namespace {

bool is_remembered() {
  static const unsigned int version = curl_version_info(CURLVERSION_NOW)->version_num;
  return version >= 0x075400 && version <= 0x080100;
}

// What begins with NUL is no header at all to libcurl, nor the end of the headers.
int on_debug(CURL *, curl_infotype type, char *line, std::size_t size, void *) noexcept {
  if (type == CURLINFO_HEADER_IN && size > 0 && (line[0] == ' ' || line[0] == '\t')) line[0] = '\0';
  return 0;
}

void watch(Easy &easy, bool on) noexcept {
  if (easy.is_watched == on) return;
  easy.is_watched = on;
  set_option(easy.handle.get(), CURLOPT_VERBOSE, on ? 1L : 0L);
}

}  // namespace

bool guard(Easy &easy) noexcept {
  if (!is_remembered()) return true;
  // Who asked for libcurl's messages gets them, and a status line of another kind is not known
  // here.
  if (easy.options->has(CURLOPT_VERBOSE) || easy.options->has(CURLOPT_HTTP200ALIASES)) return false;
  watch(easy, false);
  set_option(easy.handle.get(), CURLOPT_DEBUGFUNCTION, &on_debug);
  easy.has_stale_header = true;
  return true;
}

void line(Easy &easy, Headers::Line kind) noexcept {
  if (!easy.has_stale_header) return;
  watch(easy, kind == Headers::Line::status);
  if (kind == Headers::Line::field) easy.has_stale_header = false;
}

}  // namespace luvcurl::stale_header
