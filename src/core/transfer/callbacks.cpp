#include "core/transfer/callbacks.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <new>

#include "core/curl/easy.h"
#include "core/loop/interest.h"
#include "core/transfer/transfer.h"

namespace luvcurl::callbacks {

namespace {

// libcurl is C: an exception that left one of these would unwind through it.
template <class Result, class Body>
Result guarded(Easy *easy, Result on_failure, Body &&body) noexcept {
  if (easy->transfer == nullptr) return on_failure;
  try {
    return body(*easy->transfer);
  } catch (const std::bad_alloc &) {
    easy->transfer->out_of_memory();
    return on_failure;
  }
}

std::size_t on_write(char *bytes, std::size_t, std::size_t size, void *easy) {
  return guarded<std::size_t>(static_cast<Easy *>(easy), 0,
                              [&](Transfer &transfer) { return transfer.on_write(bytes, size); });
}

std::size_t on_header(char *bytes, std::size_t, std::size_t size, void *easy) {
  return guarded<std::size_t>(static_cast<Easy *>(easy), 0, [&](Transfer &transfer) {
    return transfer.on_header({bytes, size}) ? size : std::size_t{0};
  });
}

std::size_t read_outbox(Easy *easy, std::size_t index, char *bytes, std::size_t size) noexcept {
  return guarded<std::size_t>(easy, CURL_READFUNC_ABORT, [&](Transfer &transfer) {
    return transfer.on_read(index, bytes, size);
  });
}

int rewind_outbox(Easy *easy, std::size_t index, curl_off_t offset, int origin) noexcept {
  return guarded<int>(easy, CURL_SEEKFUNC_FAIL, [&](Transfer &transfer) {
    return origin == SEEK_SET && transfer.on_seek(index, offset) ? CURL_SEEKFUNC_OK
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
  return guarded<int>(static_cast<Easy *>(easy), 1, [&](Transfer &transfer) {
    transfer.on_progress({down, down_total, up, up_total});
    return 0;
  });
}

curl_socket_t on_open(void *interest, curlsocktype, curl_sockaddr *address) {
#ifdef SOCK_CLOEXEC
  const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
#else
  const int fd = ::socket(address->family, address->socktype, address->protocol);
  if (fd >= 0) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
#endif
  if (fd < 0) return CURL_SOCKET_BAD;
  try {
    static_cast<Interest *>(interest)->opened(fd);
  } catch (const std::bad_alloc &) {
    ::close(fd);
    return CURL_SOCKET_BAD;
  }
  return fd;
}

// What a server connects to us (FTP's active mode) libcurl accepts itself.
int on_socket_options(void *, curl_socket_t fd, curlsocktype purpose) {
  if (purpose == CURLSOCKTYPE_ACCEPT) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  return CURL_SOCKOPT_OK;
}

int on_close(void *interest, curl_socket_t fd) {
  static_cast<Interest *>(interest)->closing(fd);
  return ::close(fd);
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

void install(Easy &easy, Interest &interest) noexcept {
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
  set_option(handle, CURLOPT_OPENSOCKETFUNCTION, &on_open);
  set_option(handle, CURLOPT_OPENSOCKETDATA, &interest);
  set_option(handle, CURLOPT_SOCKOPTFUNCTION, &on_socket_options);
  set_option(handle, CURLOPT_CLOSESOCKETFUNCTION, &on_close);
  set_option(handle, CURLOPT_CLOSESOCKETDATA, &interest);
}

void report_progress(Easy &easy, bool on) noexcept {
  if (easy.reports_progress == on) return;
  easy.reports_progress = on;
  set_option(easy.handle.get(), CURLOPT_NOPROGRESS, on ? 0L : 1L);
}

}  // namespace luvcurl::callbacks
