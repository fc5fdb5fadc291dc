#pragma once

#include <curl/curl.h>

#include <cstddef>

namespace luvcurl {

struct Easy;

namespace callbacks {

/// Sets libcurl's callbacks on a handle: they call its user (EasyUser), and nobody while it has
/// none.
void install(Easy &easy) noexcept;

/// For curl_mime_data_cb, with a FormStream: what a streamed part of a form reads from.
std::size_t read_part(char *bytes, std::size_t size, std::size_t count, void *stream) noexcept;
int seek_part(void *stream, curl_off_t offset, int origin) noexcept;

/// Turns progress reports on or off.
void report_progress(Easy &easy, bool on) noexcept;

}  // namespace callbacks
}  // namespace luvcurl
