#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/curl/curl_ptr.h"

namespace luvcurl {

/// What a request says about how its URL is read.
struct UrlRules {
  bool path_as_is = false;  ///< dots are left in it
  bool no_user = false;     ///< a user name in it is refused
};

/// Builds an absolute URL: `url` resolved against `base` (may be empty), with name/value pairs
/// appended to its query, percent-encoded. All by libcurl's URL API. On failure the result is empty
/// and `*error` says why.
std::string build_url(const std::string &url, const std::string &base,
                      const std::vector<std::pair<std::string, std::string>> &query,
                      std::string *error, UrlRules rules = {});

/// The URL without user name and password, fit for messages; "(invalid URL)" when it cannot be
/// parsed.
std::string without_credentials(const char *url);

/// Stands for a kinship (kinship.h) while a UrlCache remembers it; 0 for the empty one.
using Kin = std::uint64_t;

/// What is known of a server (scheme, host and port) that requests of one kinship go to.
struct Origin {
  virtual ~Origin() = default;

  Kin kin = 0;
  bool secure = false;    ///< https: HTTP/2 may come out of it
  bool is_http = false;   ///< http or https
  bool is_ftp = false;    ///< ftp or ftps: a second connection carries the data
  bool talks = false;     ///< its connections end by a word (goodbye.h)
  long http_version = 0;  ///< CURL_HTTP_VERSION_* of its last response; 0 until one came

  /// Whether a connection to it carries several transfers, or may for all that is known.
  bool may_multiplex() const {
    return secure && (http_version == 0 || http_version >= CURL_HTTP_VERSION_2_0);
  }
};

/// A parsed URL, kept so that like requests neither parse nor copy it.
struct Url {
  UrlPtr handle;
  std::shared_ptr<Origin> origin;
};

/// Parsed URLs by their text, and the origins they belong to.
class UrlCache {
 public:
  using MakeOrigin = std::shared_ptr<Origin> (*)();

  /// `make` is for those who note more of a server.
  explicit UrlCache(MakeOrigin make = &make_origin) : make_(make) {}

  /// Parses `text` or finds it, for requests of a kinship. On failure returns nullptr and `*error`
  /// says why.
  std::shared_ptr<const Url> get(std::string_view text, std::string *error,
                                 const std::string &kinship = {});

 private:
  static constexpr std::size_t capacity = 1024;
  static constexpr std::size_t max_families = 64;

  static std::shared_ptr<Origin> make_origin() { return std::make_shared<Origin>(); }

  using Urls = std::unordered_map<std::string, std::shared_ptr<const Url>>;

  struct Family {
    Kin kin = 0;
    Urls urls;
  };
  using Families = std::unordered_map<std::string, Family>;

  Family &family_of(const std::string &kinship);
  std::shared_ptr<Origin> origin_of(CURLU *url, Kin kin);
  void drop_unused_origins();

  Families families_;  // by kinship
  Kin last_kin_ = 0;
  Families::value_type *last_family_ = nullptr;  // most requests are like the one before
  const Urls::value_type *last_ = nullptr;       // one of its URLs
  std::unordered_map<std::string, std::shared_ptr<Origin>> origins_;
  std::size_t many_origins_ = capacity;  // with as many, those that no URL has are forgotten
  MakeOrigin make_;
};

}  // namespace luvcurl
