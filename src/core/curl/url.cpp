#include "core/curl/url.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <new>

#include "core/curl/goodbye.h"
#include "core/curl/idn.h"

namespace luvcurl {

namespace {

// Any scheme may be parsed; which ones may be used is CURLOPT_PROTOCOLS_STR's to say.
// By their numbers: 7.78 and 8.8 brought the names, an older library knows nothing of the bits.
constexpr unsigned int allow_space = 1U << 11U;  // CURLU_ALLOW_SPACE: 8.1 to 8.21 refuse it else
constexpr unsigned int get_empty = 1U << 14U;    // CURLU_GET_EMPTY
constexpr unsigned int parse_flags = CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE | allow_space;

std::string part(CURLU *url, CURLUPart what, unsigned int flags = 0) {
  char *text = nullptr;
  const CURLUcode code = curl_url_get(url, what, &text, flags);
  if (code == CURLUE_OUT_OF_MEMORY) throw std::bad_alloc();
  if (code != CURLUE_OK) return {};
  const CurlString owned(text);
  return owned.get();
}

const char *reason(CURLUcode code) {
#if LIBCURL_VERSION_NUM >= 0x075000
  return curl_url_strerror(code);
#else
  switch (code) {
    case CURLUE_MALFORMED_INPUT:
      return "Malformed input to a URL function";
    case CURLUE_BAD_PORT_NUMBER:
      return "Port number was not a decimal number between 0 and 65535";
    case CURLUE_NO_HOST:
      return "No host part in the URL";
    default:
      return "not a URL";
  }
#endif
}

UrlPtr new_url() {
  UrlPtr url(curl_url());
  if (!url) throw std::bad_alloc();
  return url;
}

bool has_scheme(const std::string &text) {
  const std::size_t colon = text.find(":/");
  return colon != std::string::npos && colon > 0 &&
         std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon),
                     [](unsigned char c) {
                       return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.';
                     });
}

CURLUcode make_host_ascii(CURLU *url, const std::string &text) {
  const auto is_foreign = [](char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; };
  if (std::none_of(text.begin(), text.end(), [&](char c) { return c == '%' || is_foreign(c); }))
    return CURLUE_OK;
  const std::string host = part(url, CURLUPART_HOST);
  if (std::none_of(host.begin(), host.end(), is_foreign)) return CURLUE_OK;
  const std::string ascii = to_ascii_host(host);
  return ascii.empty() ? CURLUE_OK : curl_url_set(url, CURLUPART_HOST, ascii.c_str(), 0);
}

// A query of no bytes is not the same as none, to servers that sign what they are asked; libcurl
// leaves its mark out where it writes the URL.
std::string whole_url(CURLU *url) {
  std::string text = part(url, CURLUPART_URL);
  char *query = nullptr;
  const CURLUcode code = curl_url_get(url, CURLUPART_QUERY, &query, get_empty);
  const CurlString owned(query);
  if (code != CURLUE_OK || query == nullptr || *query != '\0') return text;
  const std::size_t end = std::min(text.find('#'), text.size());
  if (text.find('?') >= end) text.insert(end, "?");
  return text;
}

// libcurl guesses a missing scheme from the host's name (ftp.example → ftp); a script that leaves
// it out means http, as for the curl tool's users in nearly every case.
CURLUcode parse(CURLU *url, const std::string &text, bool has_base, unsigned int flags = 0) {
  const std::string whole = has_base || has_scheme(text) ? text : "http://" + text;
  const CURLUcode code = curl_url_set(url, CURLUPART_URL, whole.c_str(), parse_flags | flags);
  return code == CURLUE_OK ? make_host_ascii(url, text) : code;
}

// As libcurl's own encoding, which takes the first '=' for the end of the name and a NUL for the
// end of all, and copies the whole query for each pair.
void append_encoded(std::string &to, const std::string &text) {
  constexpr char digits[] = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain =
        byte < 0x80 && (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~');
    if (plain) {
      to += c;
    } else if (c == ' ') {
      to += '+';
    } else {
      to += '%';
      to += digits[byte >> 4U];
      to += digits[byte & 15U];
    }
  }
}

CURLUcode append_query(CURLU *url, const std::vector<std::pair<std::string, std::string>> &query) {
  std::string all;
  for (const auto &pair : query) {
    if (!all.empty()) all += '&';
    append_encoded(all, pair.first);
    all += '=';
    append_encoded(all, pair.second);
  }
  return curl_url_set(url, CURLUPART_QUERY, all.c_str(), CURLU_APPENDQUERY);
}

}  // namespace

std::string build_url(const std::string &url, const std::string &base,
                      const std::vector<std::pair<std::string, std::string>> &query,
                      std::string *error, UrlRules rules) {
  const UrlPtr handle = new_url();
  const unsigned int flags =
      (rules.path_as_is ? CURLU_PATH_AS_IS : 0U) | (rules.no_user ? CURLU_DISALLOW_USER : 0U);
  CURLUcode code = base.empty() ? CURLUE_OK : parse(handle.get(), base, false, flags);
  if (code == CURLUE_OK) code = parse(handle.get(), url, !base.empty(), flags);
  if (code == CURLUE_OK && !query.empty()) code = append_query(handle.get(), query);
  if (code != CURLUE_OK) {
    *error = reason(code);
    return {};
  }
  return whole_url(handle.get());
}

std::string without_credentials(const char *url) {
  if (url == nullptr || *url == '\0') return {};
  const UrlPtr handle = new_url();
  if (curl_url_set(handle.get(), CURLUPART_URL, url, parse_flags | CURLU_DEFAULT_SCHEME) !=
      CURLUE_OK)
    return "(invalid URL)";
  make_host_ascii(handle.get(), url);
  curl_url_set(handle.get(), CURLUPART_USER, nullptr, 0);
  curl_url_set(handle.get(), CURLUPART_PASSWORD, nullptr, 0);
  curl_url_set(handle.get(), CURLUPART_OPTIONS, nullptr, 0);
  return part(handle.get(), CURLUPART_URL);
}

std::shared_ptr<Origin> UrlCache::origin_of(CURLU *url, Kin kin) {
  const std::string scheme = part(url, CURLUPART_SCHEME);
  const std::string key = scheme + "://" + part(url, CURLUPART_HOST) + ":" +
                          part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT) + " " + std::to_string(kin);
  const auto found = origins_.find(key);
  if (found != origins_.end()) return found->second;
  if (origins_.size() >= many_origins_) drop_unused_origins();
  std::shared_ptr<Origin> origin = make_();
  origin->kin = kin;
  origin->secure = scheme == "https";
  origin->is_http = origin->secure || scheme == "http";
  origin->is_ftp = scheme == "ftp" || scheme == "ftps";
  origin->talks = says_goodbye(scheme);
  return origins_[key] = std::move(origin);
}

// A crawler asks one server after the other. What is in use, or is of a URL that is remembered,
// stays: who asks for it again has to meet the same one.
void UrlCache::drop_unused_origins() {
  for (auto one = origins_.begin(); one != origins_.end();)
    one = one->second.use_count() == 1 ? origins_.erase(one) : std::next(one);
  many_origins_ = std::max(capacity, origins_.size() * 2);
}

// Forgotten all at once, and numbered anew then: a number is never given again.
UrlCache::Family &UrlCache::family_of(const std::string &kinship) {
  if (last_family_ != nullptr && last_family_->first == kinship) return last_family_->second;
  auto found = families_.find(kinship);
  if (found == families_.end()) {
    last_family_ = nullptr;
    if (families_.size() >= max_families) families_.clear();
    found = families_.emplace(kinship, Family{kinship.empty() ? 0 : ++last_kin_, {}}).first;
  }
  last_ = nullptr;
  return (last_family_ = &*found)->second;
}

std::shared_ptr<const Url> UrlCache::get(std::string_view text, std::string *error,
                                         const std::string &kinship) {
  Family &family = family_of(kinship);
  Urls &urls = family.urls;
  if (last_ != nullptr && last_->first == text) return last_->second;
  std::string key(text);
  const auto found = urls.find(key);
  if (found != urls.end()) return (last_ = &*found)->second;
  auto url = std::make_shared<Url>();
  url->handle = new_url();
  const CURLUcode code =
      parse(url->handle.get(), key, false, CURLU_PATH_AS_IS);  // build_url's to decide
  if (code != CURLUE_OK) {
    *error = reason(code);
    return nullptr;
  }
  url->origin = origin_of(url->handle.get(), family.kin);
  // Whoever still uses a URL holds it: dropping all at once is safe, and simpler than picking one.
  if (urls.size() >= capacity) {
    urls.clear();
    last_ = nullptr;
  }
  return urls[std::move(key)] = std::move(url);
}

}  // namespace luvcurl
