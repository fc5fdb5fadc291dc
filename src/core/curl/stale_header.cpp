#include "core/curl/stale_header.h"

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

void become(Easy &easy, StaleHeader state) noexcept {
  const bool was_watched = easy.stale_header == StaleHeader::watched;
  easy.stale_header = state;
  const bool watched = state == StaleHeader::watched;
  if (watched != was_watched) set_option(easy.handle.get(), CURLOPT_VERBOSE, watched ? 1L : 0L);
}

}  // namespace

bool guard(Easy &easy) noexcept {
  if (!is_remembered()) return true;
  if (easy.stale_header == StaleHeader::none) {
    // Who asked for libcurl's messages gets them, and a status line of another kind is not known
    // here.
    if (easy.options->has(CURLOPT_VERBOSE) || easy.options->has(CURLOPT_HTTP200ALIASES))
      return false;
    set_option(easy.handle.get(), CURLOPT_DEBUGFUNCTION, &on_debug);
  }
  become(easy, StaleHeader::waiting);
  return true;
}

void line(Easy &easy, Headers::Line kind) noexcept {
  if (easy.stale_header == StaleHeader::none || easy.stale_header == StaleHeader::gone) return;
  switch (kind) {
    case Headers::Line::status:
      return become(easy, StaleHeader::watched);
    case Headers::Line::field:
      return become(easy, StaleHeader::gone);
    case Headers::Line::end:
      return become(easy, StaleHeader::waiting);
  }
}

}  // namespace luvcurl::stale_header
