#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>
#include <unordered_map>

namespace luvcurl {

/// What the handles of one kinship (kinship.h) share: answers of name look-ups, and TLS sessions,
/// which stand for the certificates that were shown when they were made.
class Shares {
 public:
  /// Throws std::bad_alloc.
  std::shared_ptr<CURLSH> of(const std::string &kinship);

 private:
  static constexpr std::size_t most = 64;

  std::unordered_map<std::string, std::shared_ptr<CURLSH>> shares_;
};

}  // namespace luvcurl
