#include "core/transfer/timeouts.h"

#include <algorithm>

namespace luvcurl {

namespace {

constexpr std::uint64_t moment = 20;  // ms

// libcurl's own CURLOPT_TIMEOUT_MS does the same, but starts with the transfer: more than a moment
// in luvcurl's queue is ours to count. Otherwise libcurl, whose words tell more, comes first.
std::uint64_t end_of_total(const Timeouts &timeouts, const Course &course) {
  if (timeouts.total == 0) return UINT64_MAX;
  const bool first = !course.running || course.started_at > course.added_at + moment;
  return course.added_at + timeouts.total + (first ? 0 : 2 * moment);
}

std::uint64_t end_of_connect(const Timeouts &timeouts, const Course &course) {
  if (timeouts.connect == 0 || !course.running || course.responded) return UINT64_MAX;
  return course.started_at + timeouts.connect + moment;
}

}  // namespace

std::uint64_t next_deadline(const Timeouts &timeouts, const Course &course) {
  std::uint64_t next = end_of_total(timeouts, course);
  if (!course.running) return next;
  next = std::min(next, end_of_connect(timeouts, course));
  if (timeouts.first_byte != 0 && !course.responded)
    next = std::min(next, course.started_at + timeouts.first_byte);
  if (timeouts.idle != 0 && course.responded && !course.held)
    next = std::min(next, course.heard_at + timeouts.idle);
  return next;
}

std::string overdue(const Timeouts &timeouts, const Course &course, std::uint64_t now) {
  if (now >= end_of_total(timeouts, course))
    return "timeout: not done within " + std::to_string(timeouts.total) + " ms";
  if (now >= end_of_connect(timeouts, course))
    return "connect_timeout: no connection within " + std::to_string(timeouts.connect) + " ms";
  if (!course.responded)
    return "first_byte: no response within " + std::to_string(timeouts.first_byte) + " ms";
  return "idle: no byte of the body for " + std::to_string(timeouts.idle) + " ms";
}

}  // namespace luvcurl
