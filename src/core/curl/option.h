#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/curl/curl_ptr.h"

namespace luvcurl {

/// The one home of curl_easy_setopt. `value` must have the exact type that libcurl reads (long,
/// curl_off_t, pointer): it is passed through varargs.
template <class T>
CURLcode set_option(CURL *easy, CURLoption option, T value) noexcept {
  return curl_easy_setopt(easy, option, value);
}

/// How a script may give an option, from libcurl's own description of it.
enum class OptionKind { unknown, owned, number, size, string, list, blob };

/// An option of the loaded libcurl. `name` is libcurl's, in lower case, and lives for ever.
struct OptionInfo {
  CURLoption id{};
  OptionKind kind = OptionKind::unknown;
  const char *name = "";
  bool is_kin = false;  ///< decides which connections a request may use (kinship.h)
};

/// Finds an option by its lower-case name. `kind` is unknown when this libcurl has none of that
/// name, owned when luvcurl keeps it for itself (callbacks, pointers, what carries the body and the
/// URL).
OptionInfo find_option(const std::string &name);

/// Every option name of the loaded libcurl, in its own order.
const std::vector<std::string> &option_names();

/// An option and its value.
struct Option {
  OptionInfo info;
  std::int64_t number = 0;         ///< number and size
  std::string text;                ///< string and blob; not used when `unset`
  std::vector<std::string> items;  ///< list
  bool unset = false;              ///< string and list: back to none

  bool operator==(const Option &other) const;
};

/// A request's options: immutable once sealed, so that handles which carry them can be kept and
/// shared by all requests that are alike.
class OptionSet {
 public:
  /// Adds an option, before seal().
  void add(Option option);

  /// Before seal(): its proxy is the environment's for a scheme, not one that was asked for.
  void mark_proxy_of_environment() { proxy_of_environment_ = true; }
  bool proxy_of_environment() const noexcept { return proxy_of_environment_; }

  /// Makes header lines ready, builds what libcurl keeps pointers to, and the hash. Throws
  /// std::bad_alloc.
  void seal();

  /// Sets all of them on a handle. On failure `*failed` is the option that libcurl refused.
  CURLcode apply(CURL *easy, const Option **failed) const noexcept;

  /// The last value given for an option; nullptr when there is none.
  const Option *find(CURLoption id) const noexcept {
    return (given_ & bit_of(id)) == 0 ? nullptr : search(id);
  }

  /// The number given for an option, or `fallback`.
  std::int64_t number(CURLoption id, std::int64_t fallback) const noexcept;

  /// Whether the option was given at all.
  bool has(CURLoption id) const noexcept { return find(id) != nullptr; }

  /// Whether the user's own option makes libcurl ask for a body, whatever the request has.
  bool uploads() const noexcept { return has(CURLOPT_UPLOAD) && number(CURLOPT_UPLOAD, 0) != 0; }

  /// Whether it may be up to the server how a user is told: by a scheme that begins with a
  /// challenge.
  bool answers_challenges() const noexcept;

  /// Whether HTTP/2 is spoken without asking for it.
  bool knows_http2() const noexcept { return knows_http2_; }

  /// See kinship.h.
  const std::string &kinship() const noexcept { return kinship_; }

  std::size_t hash() const noexcept { return hash_; }
  bool operator==(const OptionSet &other) const {
    return options_ == other.options_ && proxy_of_environment_ == other.proxy_of_environment_;
  }

 private:
  // One of 64 bits for each id. Most options that are asked for were not given.
  static std::uint64_t bit_of(CURLoption id) noexcept { return std::uint64_t{1} << (id % 64); }

  const Option *search(CURLoption id) const noexcept;

  std::vector<Option> options_;
  std::uint64_t given_ = 0;
  bool proxy_of_environment_ = false;
  bool knows_http2_ = false;      // of each request it is asked
  std::vector<SlistPtr> slists_;  // one per list option, in order
  std::size_t hash_ = 0;
  std::string kinship_;
};

using Options = std::shared_ptr<const OptionSet>;

}  // namespace luvcurl
