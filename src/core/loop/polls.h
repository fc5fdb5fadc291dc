#pragma once

#include <curl/curl.h>

#include <cstdint>

namespace luvcurl {

/// What the loop's polls have told us, between one turn and the next: whose events were put off for
/// want of budget, and since when all sockets have been looked at. Times are the loop's, in ms.
class Polls {
 public:
  /// A turn begins: the loop has polled since the turn before it.
  void turn_begins(std::uint64_t now) noexcept;
  void turn_ended(std::uint64_t now) noexcept { turned_at_ = now; }

  /// Whether an event of this socket may be worked on now, or is put off to the next poll.
  bool may_work_on(curl_socket_t fd, bool has_budget) noexcept;

  /// What came before this has been seen.
  std::uint64_t looked_at() const { return looked_at_; }

 private:
  // While epoll has as many events as libuv takes at once, libuv asks it for more, up to 48 times:
  // to put off more than that in one poll takes longer than to work on them.
  static constexpr int most_put_off = 1024;
  static constexpr curl_socket_t nobody = CURL_SOCKET_BAD;

  curl_socket_t first_ = nobody;  // comes first in this poll
  curl_socket_t late_ = nobody;   // the first that was put off after it
  curl_socket_t early_ = nobody;  // and before it
  int put_off_ = 0;               // in this poll
  std::uint64_t turned_at_ = 0;
  std::uint64_t looked_at_ = 0;
};

}  // namespace luvcurl
