#include "core/curl/headers.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>

namespace luvcurl {

namespace {

#if LIBCURL_VERSION_NUM >= 0x075400
// Experimental in 7.83, for good in 7.84.
bool has_header_api() {
  static const bool has = curl_version_info(CURLVERSION_NOW)->version_num >= 0x075400;
  return has;
}
#endif

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

long status_of(std::string_view status_line) {
  const std::size_t space = status_line.find(' ');
  return space == std::string_view::npos ? 0 : number_at(status_line.substr(space + 1));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Of ASCII alone, as names of headers are: the C library's is a call, and looks at the locale.
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char one, char other) { return lower(one) == lower(other); });
}

constexpr std::string_view length_name = "content-length";
constexpr std::string_view coding = "content-encoding";
constexpr std::string_view transfer_coding = "transfer-encoding";

// The line as libcurl reads it: up to the first CR, wherever that is. An LF is nowhere but at its
// end.
std::string_view without_end(std::string_view line) {
  if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  return line.substr(0, line.find('\r'));
}

}  // namespace

void Headers::clear() { *this = Headers(); }

void Headers::write_to(std::string &spare) {
  if (!records_.empty()) return;
  records_ = std::move(spare);
  records_.clear();
}

void Headers::written(std::string &spare) {
  constexpr std::size_t usual = 16 * 1024;
  std::string exact(records_);
  if (records_.capacity() <= usual) spare = std::move(records_);
  records_ = std::move(exact);
}

std::string_view Headers::readable(std::string_view text) {
  return trimmed(text.substr(0, text.find('\0')));
}

Headers::Line Headers::line(std::string_view text, const std::vector<std::string> *aliases) {
  constexpr std::size_t of_line = 32;
  size_ += text.size() + of_line;
  const std::string_view line = without_end(text);
  if (line.empty()) {
    if (in_block_ && status_ >= 200) ++finished_;
    in_block_ = false;
    return Line::end;
  }
  if (begins(line)) return begin(line, status_of(line));
  const bool is_alias = aliases != nullptr && !in_body_ && !in_block_ &&
                        std::any_of(aliases->begin(), aliases->end(), [&](const auto &alias) {
                          return same_name(line.substr(0, alias.size()), alias);
                        });
  return is_alias ? begin(line, 200) : field(line);
}

// Besides HTTP's those of RTSP and Icecast: a word and a number of three digits, which no header
// begins with, nor a line of FTP's or mail's.
bool Headers::begins(std::string_view line) const {
  if (in_body_) return false;
  if (line.compare(0, 5, "HTTP/") == 0) return true;
  if (in_block_ || std::isalpha(static_cast<unsigned char>(line.front())) == 0) return false;
  const std::size_t space = line.find_first_of(" :");
  if (space == std::string_view::npos || line[space] == ':') return false;
  const std::string_view rest = line.substr(space + 1);
  return rest.size() >= 3 && std::all_of(rest.begin(), rest.begin() + 3, &is_digit) &&
         (rest.size() == 3 || rest[3] == ' ');
}

Headers::Line Headers::begin(std::string_view status_line, long status) {
  status_ = status;
  length_ = unknown;
  length_is_unclear_ = false;
  is_coded_ = false;
  if (last_ != finished_) size_ = 0;
  last_ = finished_;
  in_block_ = true;
  keep(Kind::status, status_line);
  last_response_ = last_record_;
  return Line::status;
}

std::string_view Headers::reason() const {
  if (!begins_response(last_response_)) return {};
  std::string_view records = std::string_view(records_).substr(last_response_);
  std::string_view line = next_line(&records);
  for (int words = 0; words < 2; ++words) {  // the version and the number
    const std::size_t space = line.find(' ');
    line.remove_prefix(space == std::string_view::npos ? line.size() : space + 1);
  }
  return trimmed(line);
}

std::vector<std::string_view> Headers::locations() const {
  constexpr std::string_view name = "location:";
  std::vector<std::string_view> all;
  std::string_view records = std::string_view(records_).substr(last_response_);
  while (!records.empty()) {
    const bool is_header = records[0] == static_cast<char>(Kind::header);
    const std::string_view line = next_line(&records);
    if (!is_header || !same_name(line.substr(0, name.size()), name)) continue;
    const std::string_view value = readable(line.substr(name.size()));
    if (!value.empty()) all.push_back(value);
  }
  return all;
}

void Headers::keep(Kind kind, std::string_view line) {
  last_record_ = records_.size();
  record(records_, kind, last_, line);
}

std::string_view Headers::next_line(std::string_view *records) {
  std::uint32_t size = 0;
  std::memcpy(&size, records->data() + 2, sizeof size);
  const std::string_view line = records->substr(record_head, size);
  records->remove_prefix(record_head + size);
  return line;
}

void Headers::record(std::string &records, Kind kind, int response, std::string_view line) {
  const auto size = static_cast<std::uint32_t>(line.size());
  char head[record_head] = {static_cast<char>(kind), number_of(response)};
  std::memcpy(head + 2, &size, sizeof size);
  records.append(head, sizeof head);
  records.append(line);
}

// The line goes on with the value of the one before.
void Headers::fold(std::string_view line) {
  if (records_.empty() || begins_response(last_record_)) return;
  records_ += ' ';
  records_.append(trimmed(line));
  const auto size = static_cast<std::uint32_t>(records_.size() - last_record_ - record_head);
  std::memcpy(&records_[last_record_ + 2], &size, sizeof size);
}

Headers::Line Headers::field(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') {
    fold(line);
    return Line::field;
  }
  keep(!in_block_ ? Kind::trailer : status_ < 200 ? Kind::informational : Kind::header, line);
  if (in_block_ && status_ >= 200) note(line);
  return Line::field;
}

// By where the colon is, most lines are none of those that are looked for.
void Headers::note(std::string_view line) {
  const auto is_of = [line](std::string_view name) {
    return line.size() > name.size() && line[name.size()] == ':' &&
           same_name(line.substr(0, name.size()), name);
  };
  if (is_of(length_name)) note_length(line.substr(length_name.size() + 1));
  if (is_of(coding) || is_of(transfer_coding)) is_coded_ = true;
}

decode::Codings Headers::codings() const {
  decode::Codings codings;
  each(Kind::header, -1, [&codings](std::string_view name, std::string_view value) {
    if (same_name(name, coding)) codings.add(value);
  });
  return codings;
}

decode::Codings Headers::transfer_codings() const {
  decode::Codings codings;
  each(Kind::header, -1, [&codings](std::string_view name, std::string_view value) {
    if (same_name(name, transfer_coding)) codings.add_transfer(value);
  });
  return codings;
}

void Headers::note_length(std::string_view value) {
  const std::string_view text = readable(value);
  std::uint64_t length = unknown;
  const bool is_plain = !text.empty() && std::all_of(text.begin(), text.end(), &is_digit);
  std::from_chars(text.data(), text.data() + text.size(), length);
  if (!is_plain || length > INT64_MAX || (length_ != unknown && length_ != length))
    length_is_unclear_ = true;
  length_ = length;
}

void Headers::redirected(std::string url) { hops_.push_back({last_, status_, std::move(url)}); }

std::string Headers::with_fragment(std::string url) const {
  for (auto hop = hops_.rbegin(); hop != hops_.rend(); ++hop) {
    if (url.find('#') != std::string::npos) break;
    const std::size_t fragment = hop->url.find('#');
    if (fragment != std::string::npos) url += hop->url.substr(fragment);
  }
  return url;
}

void Headers::collect(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075400
  // A proxy that sends more is cut short, since each costs a walk through all headers there are.
  constexpr int enough = 100;
  if (!has_header_api()) return;
  proxy_records_.clear();
  for (int response = 0, count = 0; response <= last_; ++response) {
    curl_header *header = nullptr;
    while (count < enough &&
           (header = curl_easy_nextheader(easy, CURLH_CONNECT, response, header)) != nullptr) {
      record(proxy_records_, Kind::connect, response,
             std::string(header->name) + ": " + std::string(trimmed(header->value)));
      ++count;
    }
  }
#else
  (void)easy;
#endif
}

}  // namespace luvcurl
