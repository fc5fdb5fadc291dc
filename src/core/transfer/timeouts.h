#pragma once

#include <cstdint>
#include <string>

namespace luvcurl {

/// luvcurl's own timeouts of a transfer: where libcurl has none, and a moment after its own, which
/// do not count while a transfer waits inside libcurl for another's connection. In milliseconds; 0
/// for none.
struct Timeouts {
  std::uint64_t total = 0;       ///< from add to done, the time in the queue included
  std::uint64_t connect = 0;     ///< from the start until there is a connection
  std::uint64_t first_byte = 0;  ///< from the start to the response's headers
  std::uint64_t idle = 0;        ///< without a byte of the body
};

/// How far a transfer has come, as its timeouts see it. Times are the loop's, in ms.
struct Course {
  bool running = false;    ///< given to libcurl, as opposed to queued
  bool responded = false;  ///< the response's headers are in
  bool held = false;       ///< paused: no byte can come
  std::uint64_t added_at = 0;
  std::uint64_t started_at = 0;
  std::uint64_t heard_at = 0;  ///< of the last byte, or of the headers
};

/// When the first of the timeouts runs out; UINT64_MAX when none does.
std::uint64_t next_deadline(const Timeouts &timeouts, const Course &course);

/// Which timeout that was, in words for the error: "idle: no byte of the body for 100 ms".
std::string overdue(const Timeouts &timeouts, const Course &course, std::uint64_t now);

}  // namespace luvcurl
