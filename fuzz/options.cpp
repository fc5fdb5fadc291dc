// Option values: a line each, "name=value". What the set takes goes to a handle.

#include <cstdint>
#include <cstdlib>

#include "core/curl/option.h"

using luvcurl::Option;
using luvcurl::OptionKind;

namespace {

bool read_value(Option &option, const std::string &value) {
  switch (option.info.kind) {
    case OptionKind::number:
    case OptionKind::size:
      option.number = std::strtoll(value.c_str(), nullptr, 10);
      return true;
    case OptionKind::string:
      option.unset = value == "-";
      option.text = value.c_str();
      return true;
    case OptionKind::blob:
      option.text = value;
      return true;
    case OptionKind::list: {
      std::string_view rest(value);
      while (!rest.empty()) {
        const std::size_t end = rest.find('|');
        option.items.emplace_back(std::string(rest.substr(0, end)).c_str());
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      }
      return true;
    }
    case OptionKind::unknown:
    case OptionKind::owned:
      return false;
  }
  return false;
}

// These write files, or print, when the handle goes: not what is looked at here.
bool is_tried(const std::string &name) {
  return name != "cookiejar" && name != "altsvc" && name != "hsts" && name != "verbose" &&
         name != "cookielist" && name != "cookiefile";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
  std::string_view text(reinterpret_cast<const char *>(bytes), size);
  luvcurl::OptionSet set;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string line(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    Option option;
    option.info = luvcurl::find_option(line.substr(0, equals));
    if (is_tried(option.info.name) && read_value(option, line.substr(equals + 1)))
      set.add(std::move(option));
  }
  set.seal();
  const luvcurl::EasyPtr easy(curl_easy_init());
  const Option *failed = nullptr;
  if (set.apply(easy.get(), &failed) != CURLE_OK && failed == nullptr) std::abort();
  if (!(set == set) || set.number(CURLOPT_TIMEOUT_MS, 7) != set.number(CURLOPT_TIMEOUT_MS, 7))
    std::abort();
  return 0;
}
