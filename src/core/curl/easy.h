#pragma once

#include <curl/curl.h>

#include <array>
#include <memory>
#include <string>

#include "core/curl/curl_ptr.h"
#include "core/curl/form.h"
#include "core/curl/option.h"
#include "core/curl/url.h"

namespace luvcurl {

class EasyUser;

/// How a request carries its body. Handles are kept apart by it: libcurl's own options for it
/// (POSTFIELDS, UPLOAD) cannot be taken back one by one.
enum class BodyKind { none, bytes, stream, form };

/// What is done about the last transfer's last header, which libcurl may remember (stale_header.h).
enum class StaleHeader {
  none,     ///< nothing: the handle is new
  waiting,  ///< there may be one: the next status line is waited for
  watched,  ///< the line after that is looked at before libcurl does
  gone      ///< a header has come
};

/// Of whose certificates luvcurl tells OpenSSL, instead of libcurl (trust.h): the server's, an
/// HTTPS proxy's. What a connection that is being made is at is known by counting.
struct TrustSides {
  bool server = false, proxy = false;
  bool by_https_proxy = false;
  unsigned int layers = 0;  ///< of TLS, begun since the last socket was opened
};

/// A libcurl easy handle with all that it points to. It stays set up for its option set, so that
/// the next request of the same set changes only the URL and the body.
struct Easy {
  std::shared_ptr<CURLSH> share;  ///< before the handle, which is in it
  EasyPtr handle;
  Options options;
  BodyKind body = BodyKind::none;
  std::shared_ptr<const Url> url;          ///< of the last request: libcurl has pointers to it
  BuiltForm form;                          ///< BodyKind::form
  std::string lines;                       ///< memory for a response's headers
  EasyUser *user = nullptr;                ///< whose it is now; libcurl's callbacks call it
  curl_socket_t socket = CURL_SOCKET_BAD;  ///< the last one opened for the request under way
  SlistPtr reduced_headers;                ///< what is left of the headers, see redirect.h
  bool is_abroad = false;                  ///< a redirect has led to another server
  bool body_dropped = false;               ///< a redirect has made a GET of it
  bool expectation_refused = false;        ///< by an answer of 417
  long buffer_size = 0;
  bool reports_progress = false;
  bool waits_for_pipe = false;
  bool hears_goodbye = false;     ///< goodbye.h
  bool resent_by_libcurl = true;  ///< a request whose kept connection is dead
  StaleHeader stale_header = StaleHeader::none;
  TrustSides trust;
  bool spoiled = false;  ///< options were changed during the transfer: not to be kept
  std::array<char, CURL_ERROR_SIZE> message{};
};

}  // namespace luvcurl
