#include "core/curl/ready_lines.h"

#include <algorithm>
#include <string_view>

#include "core/decode/coding.h"

namespace luvcurl {

namespace {

Option *last_of(std::vector<Option> &options, CURLoption id) {
  const auto found = std::find_if(options.rbegin(), options.rend(),
                                  [id](const Option &option) { return option.info.id == id; });
  return found != options.rend() ? &*found : nullptr;
}

bool is_text(const Option *option, std::string_view text) {
  return option != nullptr && !option->unset && option->text == text;
}

// The name of a protocol option by its number does not compile with older headers than 7.85.
bool speaks_http_only(std::vector<Option> &options) {
  const OptionInfo by_name = find_option("protocols_str");
  if (by_name.kind == OptionKind::unknown) {
    const Option *bits = last_of(options, find_option("protocols").id);
    return bits != nullptr && (bits->number & ~(CURLPROTO_HTTP | CURLPROTO_HTTPS)) == 0;
  }
  return is_text(last_of(options, by_name.id), "http,https");
}

bool names(const Option *headers, const char *name) {
  return headers != nullptr &&
         std::any_of(headers->items.begin(), headers->items.end(), [name](const std::string &line) {
           return curl_strequal(line.substr(0, line.find_first_of(":;")).c_str(), name) != 0;
         });
}

void add_line(std::vector<Option> &options, std::string line) {
  Option *headers = last_of(options, CURLOPT_HTTPHEADER);
  if (headers == nullptr) {
    options.emplace_back();
    headers = &options.back();
    headers->info = find_option("httpheader");
  }
  headers->items.push_back(std::move(line));
}

}  // namespace

void make_ready_lines(std::vector<Option> &options) {
  if (!speaks_http_only(options) || !is_text(last_of(options, CURLOPT_PROXY), "")) return;
  const Option *agent = last_of(options, CURLOPT_USERAGENT);
  if (agent != nullptr && !agent->unset && !agent->text.empty() &&
      !names(last_of(options, CURLOPT_HTTPHEADER), "User-Agent")) {
    std::string line = "User-Agent: " + agent->text;
    options.erase(
        std::remove_if(options.begin(), options.end(),
                       [](const Option &option) { return option.info.id == CURLOPT_USERAGENT; }),
        options.end());
    add_line(options, std::move(line));
  }
  const Option *encoding = last_of(options, CURLOPT_ACCEPT_ENCODING);
  if (encoding != nullptr && !encoding->unset &&
      !names(last_of(options, CURLOPT_HTTPHEADER), "Accept-Encoding"))
    add_line(options, "Accept-Encoding: " + encoding->text);
}

void name_codings(std::vector<Option> &options) {
  for (Option &option : options) {
    if (option.info.id == CURLOPT_ACCEPT_ENCODING && !option.unset && option.text.empty())
      option.text = decode::supported();
  }
}

}  // namespace luvcurl
