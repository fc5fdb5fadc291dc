#include "core/transfer/timeouts.h"

#include <algorithm>

namespace luvcurl {

namespace {

constexpr std::uint64_t moment = 20;  // ms

// libcurl's own CURLOPT_TIMEOUT_MS does the same, but starts with the transfer: more than a moment
// in luvcurl's queue is ours to count.
bool counts_total(const Timeouts &timeouts, const Course &course) {
  return timeouts.total != 0 && (!course.running || course.started_at > course.added_at + moment);
}

}  // namespace

std::uint64_t next_deadline(const Timeouts &timeouts, const Course &course) {
  std::uint64_t next = UINT64_MAX;
  if (counts_total(timeouts, course)) next = course.added_at + timeouts.total;
  if (!course.running) return next;
  if (timeouts.first_byte != 0 && !course.responded)
    next = std::min(next, course.started_at + timeouts.first_byte);
  if (timeouts.idle != 0 && course.responded && !course.held)
    next = std::min(next, course.heard_at + timeouts.idle);
  return next;
}

std::string overdue(const Timeouts &timeouts, const Course &course, std::uint64_t now) {
  if (counts_total(timeouts, course) && now >= course.added_at + timeouts.total)
    return "timeout: not done within " + std::to_string(timeouts.total) + " ms";
  if (!course.responded)
    return "first_byte: no response within " + std::to_string(timeouts.first_byte) + " ms";
  return "idle: no byte of the body for " + std::to_string(timeouts.idle) + " ms";
}

}  // namespace luvcurl
