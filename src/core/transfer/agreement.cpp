// Which versions of HTTP an answer may be of: what was agreed on by ALPN, by an upgrade, or before.

#include <algorithm>
#include <string>
#include <string_view>

#include "core/transfer/transfer.h"

namespace luvcurl {

// COMPAT libcurl < 8.13 believes every status line. With one of HTTP/2 over plain HTTP/1 it takes
// the server's connections for such as carry several requests at once: they get each other's
// answers, and libcurl asks for socket -1. Over TLS libcurl does not tell what ALPN came to; but a
// status line that it has made itself, of HTTP/2's or 3's fields, has no reason in it.
bool Transfer::is_agreed_on(std::string_view status_line, long status_before) const {
  constexpr std::string_view name = "HTTP/";
  if (status_line.substr(0, name.size()) != name || status_line.size() <= name.size()) return true;
  if (status_line[name.size()] < '2') return true;
  if (!result_->headers.reason().empty()) return false;
  CURL *handle = easy_->handle.get();
  const std::string_view scheme = info_text(handle, CURLINFO_SCHEME);
  if (scheme != "HTTP" && scheme != "http") return true;
  switch (request_.options->number(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_NONE)) {
    case CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE:
      return true;
    case CURL_HTTP_VERSION_2_0: {
      constexpr long upgraded = 101;
      const bool is_kept = info_long(handle, CURLINFO_NUM_CONNECTS) == 0;
      return status_before == upgraded ||
             (is_kept && request_.url->origin->http_version >= CURL_HTTP_VERSION_2_0);
    }
    default:
      return false;
  }
}

// Whether an answer of 101 was asked for: libcurl would wait for one that was not to go on.
bool Transfer::asked_to_switch() const {
  const std::string_view scheme = info_text(easy_->handle.get(), CURLINFO_SCHEME);
  const bool is_plain = scheme == "HTTP" || scheme == "http";
  if (!is_plain && scheme != "HTTPS" && scheme != "https") return true;  // WebSocket
  if (is_plain && request_.options->number(CURLOPT_HTTP_VERSION, 0) == CURL_HTTP_VERSION_2_0)
    return true;
  return says_upgrade();
}

bool Transfer::says_upgrade() const {
  const Option *headers = request_.options->find(CURLOPT_HTTPHEADER);
  return headers != nullptr &&
         std::any_of(headers->items.begin(), headers->items.end(), [](const std::string &line) {
           return curl_strnequal(line.c_str(), "Upgrade:", 8) != 0;
         });
}

}  // namespace luvcurl
