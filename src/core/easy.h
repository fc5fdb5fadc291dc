#pragma once

#include <curl/curl.h>

#include <array>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/curl_ptr.h"
#include "core/form.h"
#include "core/option.h"
#include "core/url.h"

namespace luvcurl {

class Interest;
class Transfer;

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

/// A libcurl easy handle with all that it points to. It stays set up for its option set, so that
/// the next request of the same set changes only the URL and the body.
struct Easy {
  EasyPtr handle;
  Options options;
  BodyKind body = BodyKind::none;
  std::shared_ptr<const Url> url;    ///< of the last request: libcurl has pointers to it
  BuiltForm form;                    ///< BodyKind::form
  std::string lines;                 ///< memory for a response's headers
  Transfer *transfer = nullptr;      ///< whose it is now; libcurl's callbacks find it here
  SlistPtr reduced_headers;          ///< what is left of the headers, see redirect.h
  bool is_abroad = false;            ///< a redirect has led to another server
  bool expectation_refused = false;  ///< by an answer of 417
  long buffer_size = 0;
  bool reports_progress = false;
  bool waits_for_pipe = false;
  StaleHeader stale_header = StaleHeader::none;
  bool spoiled = false;  ///< options were changed during the transfer: not to be kept
  std::array<char, CURL_ERROR_SIZE> message{};
};

/// Easy handles by option set.
class Pool {
 public:
  Pool(Interest &interest, CURLSH *share) : interest_(interest), share_(share) {}

  /// A handle that carries `options`, for a request to `url`, or nullptr with `*error` when libcurl
  /// refuses one of them. Throws std::bad_alloc.
  std::unique_ptr<Easy> acquire(const Options &options, BodyKind body, const Url &url,
                                std::string *error);

  /// Takes a handle back: out of its CURLM, its transfer over.
  void release(std::unique_ptr<Easy> easy) noexcept;

  /// Whether libcurl takes these options: a handle is made for a set not seen before, and kept.
  bool check(const Options &options, BodyKind body, std::string *error);

 private:
  // More sets than this and the oldest habits are forgotten all at once.
  static constexpr std::size_t max_sets = 64;
  static constexpr std::size_t max_idle = 1024;

  struct Bucket {
    Options options;
    BodyKind body = BodyKind::none;
    std::vector<std::unique_ptr<Easy>> idle;
  };

  Bucket &bucket(const Options &options, BodyKind body);
  std::unique_ptr<Easy> make(const Options &options, BodyKind body, std::string *error);

  Interest &interest_;
  CURLSH *share_;
  std::unordered_multimap<std::size_t, Bucket> buckets_;
  Bucket *last_ = nullptr;  // most requests are like the one before
  std::size_t idle_ = 0;
};

}  // namespace luvcurl
