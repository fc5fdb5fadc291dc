#include "core/curl/proxy_lines.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace luvcurl {

namespace {

Option *last_of(std::vector<Option> &options, CURLoption id) {
  const auto found = std::find_if(options.rbegin(), options.rend(),
                                  [id](const Option &option) { return option.info.id == id; });
  return found != options.rend() ? &*found : nullptr;
}

Option &last_or_new(std::vector<Option> &options, const char *name) {
  const OptionInfo info = find_option(name);
  if (Option *found = last_of(options, info.id)) return *found;
  options.emplace_back();
  options.back().info = info;
  return options.back();
}

bool is_for_proxy(const std::string &line) {
  return curl_strequal(line.substr(0, line.find_first_of(":;")).c_str(), "Proxy-Authorization") !=
         0;
}

}  // namespace

void keep_proxy_lines(std::vector<Option> &options) {
  std::vector<std::string> &lines = last_of(options, CURLOPT_HTTPHEADER)->items;
  if (std::none_of(lines.begin(), lines.end(), &is_for_proxy)) return;
  const Option *which = last_of(options, CURLOPT_HEADEROPT);
  const bool all_go = which != nullptr && (which->number & CURLHEADER_SEPARATE) == 0;
  std::vector<std::string> for_proxy;
  std::copy_if(lines.begin(), lines.end(), std::back_inserter(for_proxy),
               [all_go](const std::string &line) { return all_go || is_for_proxy(line); });
  lines.erase(std::remove_if(lines.begin(), lines.end(), &is_for_proxy), lines.end());
  std::vector<std::string> &to = last_or_new(options, "proxyheader").items;
  to.insert(to.end(), for_proxy.begin(), for_proxy.end());
  if (all_go) last_or_new(options, "headeropt").number = CURLHEADER_SEPARATE;
}

}  // namespace luvcurl
