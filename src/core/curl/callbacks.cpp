#include "core/curl/callbacks.h"

#include <curl/curl.h>

#include <new>

#include "core/curl/easy.h"
#include "core/curl/easy_user.h"

namespace luvcurl::callbacks {

namespace {

// libcurl is C: an exception that left one of these would unwind through it.
template <class Result, class Body>
Result guarded(Easy *easy, Result on_failure, Body &&body) noexcept {
  if (easy->user == nullptr) return on_failure;
  try {
    return body(*easy->user);
  } catch (const std::bad_alloc &) {
    easy->user->out_of_memory();
    return on_failure;
  }
}

std::size_t on_write(char *bytes, std::size_t, std::size_t size, void *easy) {
  return guarded<std::size_t>(static_cast<Easy *>(easy), 0,
                              [&](EasyUser &user) { return user.on_write(bytes, size); });
}

std::size_t on_header(char *bytes, std::size_t, std::size_t size, void *easy) {
  return guarded<std::size_t>(static_cast<Easy *>(easy), 0, [&](EasyUser &user) {
    return user.on_header({bytes, size}) ? size : std::size_t{0};
  });
}

std::size_t read_outbox(Easy *easy, std::size_t index, char *bytes, std::size_t size) noexcept {
  return guarded<std::size_t>(easy, CURL_READFUNC_ABORT,
                              [&](EasyUser &user) { return user.on_read(index, bytes, size); });
}

int rewind_outbox(Easy *easy, std::size_t index, curl_off_t offset, int origin) noexcept {
  return guarded<int>(easy, CURL_SEEKFUNC_FAIL, [&](EasyUser &user) {
    return origin == SEEK_SET && user.on_seek(index, offset) ? CURL_SEEKFUNC_OK
                                                             : CURL_SEEKFUNC_FAIL;
  });
}

std::size_t on_read(char *bytes, std::size_t size, std::size_t count, void *easy) {
  return read_outbox(static_cast<Easy *>(easy), 0, bytes, size * count);
}

int on_seek(void *easy, curl_off_t offset, int origin) {
  return rewind_outbox(static_cast<Easy *>(easy), 0, offset, origin);
}

int on_progress(void *easy, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                curl_off_t up) {
  return guarded<int>(static_cast<Easy *>(easy), 1, [&](EasyUser &user) {
    user.on_progress({down, down_total, up, up_total});
    return 0;
  });
}

}  // namespace

std::size_t read_part(char *bytes, std::size_t size, std::size_t count, void *stream) noexcept {
  const auto *part = static_cast<const FormStream *>(stream);
  return read_outbox(part->easy, part->index, bytes, size * count);
}

int seek_part(void *stream, curl_off_t offset, int origin) noexcept {
  const auto *part = static_cast<const FormStream *>(stream);
  return rewind_outbox(part->easy, part->index, offset, origin);
}

void install(Easy &easy) noexcept {
  CURL *handle = easy.handle.get();
  set_option(handle, CURLOPT_PRIVATE, &easy);
  set_option(handle, CURLOPT_WRITEFUNCTION, &on_write);
  set_option(handle, CURLOPT_WRITEDATA, &easy);
  set_option(handle, CURLOPT_HEADERFUNCTION, &on_header);
  set_option(handle, CURLOPT_HEADERDATA, &easy);
  set_option(handle, CURLOPT_READFUNCTION, &on_read);
  set_option(handle, CURLOPT_READDATA, &easy);
  set_option(handle, CURLOPT_SEEKFUNCTION, &on_seek);
  set_option(handle, CURLOPT_SEEKDATA, &easy);
  set_option(handle, CURLOPT_XFERINFOFUNCTION, &on_progress);
  set_option(handle, CURLOPT_XFERINFODATA, &easy);
}

void report_progress(Easy &easy, bool on) noexcept {
  if (easy.reports_progress == on) return;
  easy.reports_progress = on;
  set_option(easy.handle.get(), CURLOPT_NOPROGRESS, on ? 0L : 1L);
}

}  // namespace luvcurl::callbacks
