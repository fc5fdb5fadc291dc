#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace luvcurl {

struct Progress {
  std::int64_t down = 0, down_total = 0, up = 0, up_total = 0;  ///< bytes; totals 0 when not known
};

/// Who uses an easy handle: libcurl's callbacks end here. libcurl stands beneath these calls, so
/// they note what has happened and do nothing else; they may throw std::bad_alloc.
class EasyUser {
 public:
  /// Bytes of the response's body; returns as CURLOPT_WRITEFUNCTION.
  virtual std::size_t on_write(const char *bytes, std::size_t size) = 0;
  /// A line of headers; false ends the transfer.
  virtual bool on_header(std::string_view line) = 0;
  /// Bytes of a stream of the request's body are wanted; returns as CURLOPT_READFUNCTION.
  virtual std::size_t on_read(std::size_t stream, char *out, std::size_t size) = 0;
  /// The stream is to go on from this offset; false when it cannot.
  virtual bool on_seek(std::size_t stream, std::int64_t offset) = 0;
  virtual void on_progress(const Progress &progress) = 0;
  /// A socket was opened for it, or (CURL_SOCKET_BAD) the system has refused one, by `error`.
  virtual void on_socket(curl_socket_t fd, int error) = 0;
  /// libcurl has ended the talk on a connection, its own or an idle one's, and would wait for the
  /// server's answer.
  virtual void on_goodbye() noexcept = 0;
  /// One of the others has thrown, and libcurl is told of a failure.
  virtual void out_of_memory() noexcept = 0;

 protected:
  ~EasyUser() = default;  // nobody owns it as one
};

}  // namespace luvcurl
