#include "core/headers.h"

#include <cctype>
#include <charconv>

namespace luvcurl {

namespace {

// Experimental in 7.83, for good in 7.84.
bool has_header_api() {
#if LIBCURL_VERSION_NUM >= 0x075400
  static const bool has = curl_version_info(CURLVERSION_NOW)->version_num >= 0x075400;
  return has;
#else
  return false;
#endif
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0)
    text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0)
    text.remove_suffix(1);
  return text;
}

// The digits that the text begins with; libcurl ends its lines, but the view ends before that.
long number_at(std::string_view text) {
  long number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(a[i])) !=
        std::tolower(static_cast<unsigned char>(b[i])))
      return false;
  }
  return true;
}

}  // namespace

void Headers::clear() { *this = Headers(); }

void Headers::record(Kind kind, int response, std::string_view name, std::string_view value) {
  records_ += static_cast<char>(kind);
  records_ += static_cast<char>(response < 255 ? response : 255);
  records_.append(name.substr(0, name.find('\0')));
  records_ += '\0';
  records_.append(value.substr(0, value.find('\0')));
  records_ += '\0';
}

Headers::Line Headers::line(std::string_view text) {
  const std::string_view content = trimmed(text);
  if (content.empty()) {
    if (!in_body_ && status_ >= 200) ++finished_;
    return Line::end;
  }
  if (!in_body_ && content.compare(0, 5, "HTTP/") == 0) {
    const std::size_t space = content.find(' ');
    status_ = space == std::string_view::npos ? 0 : number_at(content.substr(space + 1));
    const std::size_t after =
        space == std::string_view::npos ? space : content.find(' ', space + 1);
    reason_ = after == std::string_view::npos ? std::string()
                                              : std::string(trimmed(content.substr(after)));
    last_ = finished_;
    location_.clear();
    return Line::status;
  }
  const std::size_t colon = content.find(':');
  if (colon == std::string_view::npos) return Line::field;
  stale_ = true;
  bytes_ += content.size();
  ++lines_;
  const std::string_view name = trimmed(content.substr(0, colon));
  if (same_name(name, "location")) location_ = trimmed(content.substr(colon + 1));
  if (!has_header_api()) {
    const Kind kind = in_body_ ? Kind::trailer : status_ < 200 ? Kind::informational : Kind::header;
    record(kind, last_, name, trimmed(content.substr(colon + 1)));
  }
  return Line::field;
}

void Headers::redirected(std::string url) { hops_.push_back({last_, status_, std::move(url)}); }

void Headers::collect(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075400
  if (!has_header_api() || !stale_) return;
  stale_ = false;
  static constexpr struct {
    unsigned int origin;
    Kind kind;
  } origins[] = {{CURLH_HEADER, Kind::header},
                 {CURLH_TRAILER, Kind::trailer},
                 {CURLH_1XX, Kind::informational},
                 {CURLH_CONNECT, Kind::connect}};
  constexpr unsigned int all = CURLH_HEADER | CURLH_TRAILER | CURLH_1XX | CURLH_CONNECT;
  records_.clear();
  records_.reserve(bytes_ + lines_ * 3);
  for (int response = 0; response <= last_; ++response) {
    curl_header *header = nullptr;
    while ((header = curl_easy_nextheader(easy, all, response, header)) != nullptr) {
      for (const auto &entry : origins) {
        // COMPAT libcurl 7.88: an empty value comes with the line's CR in it.
        if ((header->origin & entry.origin) != 0)
          record(entry.kind, response, header->name, trimmed(header->value));
      }
    }
  }
#else
  (void)easy;
#endif
}

}  // namespace luvcurl
