#pragma once

#include <curl/curl.h>

#include <cstddef>

namespace luvcurl {

struct Easy;
class Interest;

namespace callbacks {

/// Sets libcurl's callbacks on a handle. They note what happened in the transfer's buffers and
/// flags and do nothing else: no script runs inside libcurl. `interest` must outlive every
/// connection, since libcurl opens and closes sockets with the pointers of whichever handle came
/// first.
void install(Easy &easy, Interest &interest) noexcept;

/// For curl_mime_data_cb, with a FormStream: what a streamed part of a form reads from.
std::size_t read_part(char *bytes, std::size_t size, std::size_t count, void *stream) noexcept;
int seek_part(void *stream, curl_off_t offset, int origin) noexcept;

/// Turns progress reports on or off.
void report_progress(Easy &easy, bool on) noexcept;

}  // namespace callbacks
}  // namespace luvcurl
