// A URL, a base, and a query: lines of the input, the query's names and values in turn.

#include "core/curl/url.h"

#include <cstdint>
#include <cstdlib>

namespace {

std::string next_line(std::string_view &text) {
  const std::size_t end = text.find('\n');
  const std::string line(text.substr(0, end));
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
  std::string_view text(reinterpret_cast<const char *>(bytes), size);
  const std::string url = next_line(text);
  const std::string base = next_line(text);
  std::vector<std::pair<std::string, std::string>> query;
  while (!text.empty()) {
    std::string name = next_line(text);
    query.emplace_back(std::move(name), next_line(text));
  }
  // The module lets no NUL through to here but in the query.
  if ((url + base).find('\0') != std::string::npos) return 0;
  std::string error;
  const std::string whole = luvcurl::build_url(url, base, query, &error);
  if (whole.empty() != !error.empty()) std::abort();
  for (const char byte : whole) {
    if (byte == '\r' || byte == '\n') std::abort();  // would end the request's first line
  }
  const std::string clean = luvcurl::without_credentials(whole.c_str());
  const std::size_t end_of_host = clean.find_first_of("/?#", clean.find("://") + 3);
  if (clean.find("://") != std::string::npos &&
      clean.substr(0, end_of_host).find('@') != std::string::npos)
    std::abort();  // a password may be before it
  luvcurl::UrlCache cache;
  const auto first = cache.get(whole, &error);
  if (!whole.empty() && (!first || cache.get(whole, &error) != first)) std::abort();
  return 0;
}
