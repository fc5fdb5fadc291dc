#include "core/loop/polls.h"

namespace luvcurl {

// What comes in time has to be seen before a timeout is true: a host that computes for longer than
// one finds both when it comes back to its loop. What a poll has put off is waited for, but not for
// ever: there may always be some.
void Polls::turn_begins(std::uint64_t now) noexcept {
  constexpr std::uint64_t patience = 1000;  // ms
  first_ = late_ != nobody ? late_ : early_;
  late_ = early_ = nobody;
  put_off_ = 0;
  if (first_ == nobody || now > looked_at_ + patience) looked_at_ = turned_at_;
  turned_at_ = now;
}

// epoll tells of the same sockets first each time: whom the budget did not reach comes before them
// in the next poll.
bool Polls::may_work_on(curl_socket_t fd, bool has_budget) noexcept {
  if (fd == first_) first_ = nobody;
  const bool too_early = first_ != nobody;
  if ((!too_early && has_budget) || put_off_ >= most_put_off) return true;
  ++put_off_;
  curl_socket_t &put_off = too_early ? early_ : late_;
  if (put_off == nobody) put_off = fd;
  return false;
}

}  // namespace luvcurl
