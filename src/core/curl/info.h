#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <string>
#include <vector>

namespace luvcurl {

/// An info that libcurl gives, by its name without prefix in lower case ("total_time_t").
struct InfoName {
  std::string name;
  CURLINFO id;
};

/// Every info of the headers that luvcurl was built with.
const std::vector<InfoName> &info_names();

/// Finds an info by its lower-case name; nullptr when there is none.
const InfoName *find_info(const std::string &name);

/// Microseconds, each until the named phase was over; 0 when it was not reached. summarize() counts
/// from when libcurl got the transfer, a Transfer's own summary from add().
struct Timings {
  std::int64_t queue = 0, resolve = 0, connect = 0, tls = 0, send = 0, wait = 0, redirect = 0,
               total = 0;
};

/// What is kept of a transfer after its handle went back to the pool.
struct Summary {
  long status = 0;
  long http_version = 0;          ///< CURL_HTTP_VERSION_*
  long connections = 0;           ///< connections it had to open
  std::int64_t request_size = 0;  ///< bytes of request headers
  std::int64_t header_size = 0;   ///< of those of responses
  std::int64_t uploaded = 0;      ///< of bodies
  std::int64_t downloaded = 0;
  long primary_port = 0;
  long local_port = 0;
  std::string primary_ip;
  std::string local_ip;
  Timings timings;
  std::string url;  ///< the last one, as libcurl has it; empty for the request's own

  std::int64_t sent() const { return request_size + uploaded; }
  std::int64_t received() const { return header_size + downloaded; }
};

/// Reads it all from a handle whose transfer has ended. `status` is that of its headers, 0 for
/// none.
Summary summarize(CURL *easy, long status, bool redirected);

/// A long or an off_t of a handle, 0 when libcurl has none.
long info_long(CURL *easy, CURLINFO info) noexcept;
std::int64_t info_size(CURL *easy, CURLINFO info) noexcept;

/// A text of a handle, valid until libcurl changes it; never nullptr.
const char *info_text(CURL *easy, CURLINFO info) noexcept;

}  // namespace luvcurl
