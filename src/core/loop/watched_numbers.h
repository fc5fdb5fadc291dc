#pragma once

#include <curl/curl.h>

#include <vector>

namespace luvcurl {

/// The numbers of the descriptors that a loop's epoll watches just now, for whomever.
class WatchedNumbers {
 public:
  explicit WatchedNumbers(int epoll);

  /// Whether this number is watched. Where that cannot be known: whether it is a descriptor's.
  bool may_have(curl_socket_t fd) const noexcept;

 private:
  bool is_known_ = false;
  std::vector<bool> numbers_;
};

}  // namespace luvcurl
