#include "core/curl/option.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <functional>
#include <new>
#include <unordered_map>

#include "core/curl/kinship.h"
#include "core/curl/proxy_lines.h"
#include "core/curl/ready_lines.h"

namespace luvcurl {

namespace {

std::string lower(const char *name) {
  std::string text(name);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// Options with plain values that would break what luvcurl promises: never blocking (nosignal,
// quick_exit, connect_only), one URL source (url), progress by hook (noprogress), headers told as
// such and those of the server only (header, suppress_connect_headers). And what would do nothing:
// a connection belongs to a CURLM, which has a limit of its own, and nobody calls curl_easy_upkeep.
bool is_owned_value(CURLoption id) {
  switch (id) {
    case CURLOPT_URL:
    case CURLOPT_NOSIGNAL:
    case CURLOPT_NOPROGRESS:
    case CURLOPT_HEADER:
    case CURLOPT_SUPPRESS_CONNECT_HEADERS:
    case CURLOPT_CONNECT_ONLY:
    case CURLOPT_WILDCARDMATCH:
    case CURLOPT_POSTFIELDSIZE:
    case CURLOPT_POSTFIELDSIZE_LARGE:
    case CURLOPT_INFILESIZE:
    case CURLOPT_INFILESIZE_LARGE:
    case CURLOPT_MAXCONNECTS:
    case CURLOPT_UPKEEP_INTERVAL_MS:
      return true;
    default:
      return false;
  }
}

OptionKind kind_of(const curl_easyoption &option) {
  // By name: it may be newer (7.87) than the headers.
  const bool quick_exit = std::strcmp(option.name, "QUICK_EXIT") == 0;
  if (quick_exit || is_owned_value(option.id)) return OptionKind::owned;
  switch (option.type) {
    case CURLOT_LONG:
    case CURLOT_VALUES:
      return OptionKind::number;
    case CURLOT_OFF_T:
      return OptionKind::size;
    case CURLOT_STRING:
      return OptionKind::string;
    case CURLOT_SLIST:
      return OptionKind::list;
    case CURLOT_BLOB:
      return OptionKind::blob;
    case CURLOT_OBJECT:
    case CURLOT_CBPTR:
    case CURLOT_FUNCTION:
      break;
  }
  return OptionKind::owned;
}

// curl_easy_option_by_name searches a list of some 300 names; a map makes it fit for every request.
struct Catalogue {
  std::vector<std::string> names;
  std::unordered_map<std::string, OptionInfo> by_name;

  Catalogue() {
    const curl_easyoption *option = nullptr;
    while ((option = curl_easy_option_next(option)) != nullptr) {
      names.push_back(lower(option->name));
      const auto added = by_name.emplace(names.back(), OptionInfo{option->id, kind_of(*option)});
      added.first->second.name = added.first->first.c_str();
      added.first->second.is_kin = decides_kinship(added.first->first);
    }
  }
};

// Never destroyed: the process may end while other threads look things up.
const Catalogue &catalogue() {
  static const Catalogue &all = *new Catalogue;
  return all;
}

void mix(std::size_t &hash, std::size_t value) { hash = (hash ^ value) * 0x9E3779B97F4A7C15ULL; }

}  // namespace

OptionInfo find_option(const std::string &name) {
  const auto found = catalogue().by_name.find(name);
  return found != catalogue().by_name.end() ? found->second : OptionInfo{};
}

const std::vector<std::string> &option_names() { return catalogue().names; }

bool Option::operator==(const Option &other) const {
  return info.id == other.info.id && number == other.number && unset == other.unset &&
         text == other.text && items == other.items;
}

void OptionSet::seal() {
  if (has(CURLOPT_HTTPHEADER)) keep_proxy_lines(options_);
  name_codings(options_);
  make_ready_lines(options_);
  knows_http2_ = number(CURLOPT_HTTP_VERSION, 0) == CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
  kinship_ = kinship_of(options_);
  const std::hash<std::string> of_text;
  for (const Option &option : options_) {
    mix(hash_, static_cast<std::size_t>(option.info.id));
    mix(hash_, static_cast<std::size_t>(option.number));
    mix(hash_, of_text(option.text));
    for (const std::string &item : option.items) mix(hash_, of_text(item));
    if (option.info.kind != OptionKind::list) continue;
    ListBuilder list;
    for (const std::string &item : option.items) list.append(item.c_str());
    slists_.push_back(list.take());
  }
}

CURLcode OptionSet::apply(CURL *easy, const Option **failed) const noexcept {
  auto slist = slists_.begin();
  for (const Option &option : options_) {
    const CURLoption id = option.info.id;
    CURLcode code = CURLE_OK;
    switch (option.info.kind) {
      case OptionKind::number:
        code = set_option(easy, id, static_cast<long>(option.number));
        break;
      case OptionKind::size:
        code = set_option(easy, id, static_cast<curl_off_t>(option.number));
        break;
      case OptionKind::string:
        code = set_option(easy, id, option.unset ? nullptr : option.text.c_str());
        break;
      case OptionKind::list:
        code = set_option(easy, id, (slist++)->get());
        break;
      case OptionKind::blob: {
        curl_blob blob{};
        blob.data = const_cast<char *>(option.text.data());
        blob.len = option.text.size();
        blob.flags = CURL_BLOB_COPY;
        code = set_option(easy, id, &blob);
        break;
      }
      case OptionKind::unknown:
      case OptionKind::owned:
        code = CURLE_UNKNOWN_OPTION;
        break;
    }
    // What a TLS backend cannot have at all is none already.
    if (option.unset && (code == CURLE_NOT_BUILT_IN || code == CURLE_UNKNOWN_OPTION))
      code = CURLE_OK;
    if (code != CURLE_OK) {
      *failed = &option;
      return code;
    }
  }
  return CURLE_OK;
}

void OptionSet::add(Option option) {
  given_ |= bit_of(option.info.id);
  options_.push_back(std::move(option));
}

const Option *OptionSet::search(CURLoption id) const noexcept {
  const auto found = std::find_if(options_.rbegin(), options_.rend(),
                                  [id](const Option &option) { return option.info.id == id; });
  return found != options_.rend() ? &*found : nullptr;
}

std::int64_t OptionSet::number(CURLoption id, std::int64_t fallback) const noexcept {
  const Option *option = find(id);
  return option != nullptr ? option->number : fallback;
}

bool OptionSet::answers_challenges() const noexcept {
  constexpr std::int64_t sigv4 = 1 << 7;  // CURLAUTH_AWS_SIGV4, of libcurl 7.75
  constexpr std::int64_t unasked = CURLAUTH_BASIC | CURLAUTH_BEARER | sigv4;
  return ((number(CURLOPT_HTTPAUTH, CURLAUTH_BASIC) | number(CURLOPT_PROXYAUTH, CURLAUTH_BASIC)) &
          ~unasked) != 0;
}

}  // namespace luvcurl
