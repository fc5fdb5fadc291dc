#include "core/curl/url.h"

#include <algorithm>
#include <cctype>
#include <new>

namespace luvcurl {

namespace {

// Any scheme may be parsed; which ones may be used is CURLOPT_PROTOCOLS_STR's to say.
constexpr unsigned int parse_flags = CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE;

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
  const std::size_t colon = text.find("://");
  return colon != std::string::npos && colon > 0 &&
         std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon),
                     [](unsigned char c) {
                       return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.';
                     });
}

// libcurl guesses a missing scheme from the host's name (ftp.example → ftp); a script that leaves
// it out means http, as for the curl tool's users in nearly every case.
CURLUcode parse(CURLU *url, const std::string &text, bool has_base) {
  const std::string whole = has_base || has_scheme(text) ? text : "http://" + text;
  return curl_url_set(url, CURLUPART_URL, whole.c_str(), parse_flags);
}

std::string escaped(const std::string &text) {
  const CurlString owned(curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size())));
  if (!owned) throw std::bad_alloc();
  return text.empty() ? std::string() : owned.get();
}

// libcurl's own encoding takes the first '=' for the end of the name, and a NUL for the end of all.
CURLUcode append_query(CURLU *url, const std::string &name, const std::string &value) {
  const bool plain =
      name.find('=') == std::string::npos && (name + value).find('\0') == std::string::npos;
  const std::string text = plain ? name + "=" + value : escaped(name) + "=" + escaped(value);
  return curl_url_set(url, CURLUPART_QUERY, text.c_str(),
                      plain ? CURLU_APPENDQUERY | CURLU_URLENCODE : CURLU_APPENDQUERY);
}

}  // namespace

std::string build_url(const std::string &url, const std::string &base,
                      const std::vector<std::pair<std::string, std::string>> &query,
                      std::string *error) {
  const UrlPtr handle = new_url();
  CURLUcode code = base.empty() ? CURLUE_OK : parse(handle.get(), base, false);
  if (code == CURLUE_OK) code = parse(handle.get(), url, !base.empty());
  for (const auto &pair : query) {
    if (code != CURLUE_OK) break;
    code = append_query(handle.get(), pair.first, pair.second);
  }
  if (code != CURLUE_OK) {
    *error = reason(code);
    return {};
  }
  return part(handle.get(), CURLUPART_URL);
}

std::string without_credentials(const char *url) {
  if (url == nullptr || *url == '\0') return {};
  const UrlPtr handle = new_url();
  if (curl_url_set(handle.get(), CURLUPART_URL, url, parse_flags | CURLU_DEFAULT_SCHEME) !=
      CURLUE_OK)
    return "(invalid URL)";
  curl_url_set(handle.get(), CURLUPART_USER, nullptr, 0);
  curl_url_set(handle.get(), CURLUPART_PASSWORD, nullptr, 0);
  curl_url_set(handle.get(), CURLUPART_OPTIONS, nullptr, 0);
  return part(handle.get(), CURLUPART_URL);
}

Origin *UrlCache::origin_of(CURLU *url, Kin kin) {
  const std::string scheme = part(url, CURLUPART_SCHEME);
  const std::string key = scheme + "://" + part(url, CURLUPART_HOST) + ":" +
                          part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT) + " " + std::to_string(kin);
  std::unique_ptr<Origin> &origin = origins_[key];
  if (!origin) {
    origin = make_();
    origin->kin = kin;
    origin->secure = scheme == "https";
    origin->is_http = origin->secure || scheme == "http";
    origin->is_ftp = scheme == "ftp" || scheme == "ftps";
  }
  return origin.get();
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
  const CURLUcode code = parse(url->handle.get(), key, false);
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
