#include "core/curl/discreet.h"

#include <curl/curl.h>

namespace luvcurl {

// A password may have spaces, slashes and quotes in it: what is before the last @ of the message
// may be one. In a message that libcurl had to cut that may be missing.
std::string discreet(std::string message) {
  const std::size_t scheme = message.find("://");
  if (scheme == std::string::npos) return message;
  const std::size_t begin = scheme + 3;
  const std::size_t at = message.rfind('@');
  if (at != std::string::npos && at >= begin) {
    message.erase(begin, at + 1 - begin);
  } else if (message.size() >= CURL_ERROR_SIZE - 2) {
    message.erase(begin);
  }
  return message;
}

}  // namespace luvcurl
