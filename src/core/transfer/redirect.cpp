#include "core/transfer/redirect.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/curl/idn.h"
#include "core/curl/trust.h"

namespace luvcurl::redirect {

namespace {

// What any server may see: how the answer is to look, and what describes a body that goes along. A
// list of what is secret is never complete (X-JWT, DPoP, X-Sig, …); what is not known stays home.
constexpr std::array<std::string_view, 36> harmless = {"accept",
                                                       "accept-charset",
                                                       "accept-datetime",
                                                       "accept-encoding",
                                                       "accept-language",
                                                       "accept-ranges",
                                                       "cache-control",
                                                       "connection",
                                                       "content-digest",
                                                       "content-disposition",
                                                       "content-encoding",
                                                       "content-language",
                                                       "content-length",
                                                       "content-location",
                                                       "content-md5",
                                                       "content-range",
                                                       "content-type",
                                                       "date",
                                                       "dnt",
                                                       "expect",
                                                       "if-match",
                                                       "if-modified-since",
                                                       "if-none-match",
                                                       "if-range",
                                                       "if-unmodified-since",
                                                       "keep-alive",
                                                       "max-forwards",
                                                       "pragma",
                                                       "prefer",
                                                       "priority",
                                                       "range",
                                                       "save-data",
                                                       "te",
                                                       "transfer-encoding",
                                                       "upgrade-insecure-requests",
                                                       "user-agent"};

std::string lower_name(std::string_view line) {
  std::string name(line.substr(0, line.find_first_of(":;")));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

// "Name:" without a value sends nothing: it leaves out what libcurl would send by itself.
bool sends_nothing(std::string_view line) {
  const std::size_t end = line.find_first_of(":;");
  return end != std::string_view::npos && line[end] == ':' &&
         line.find_first_not_of(" \t", end + 1) == std::string_view::npos;
}

bool may_go_abroad(const std::string &line) {
  return sends_nothing(line) ||
         std::binary_search(harmless.begin(), harmless.end(), lower_name(line));
}

bool describes_body(const std::string &line) {
  const std::string name = lower_name(line);
  return name.compare(0, 8, "content-") == 0 || name == "transfer-encoding" || name == "trailer" ||
         name == "digest" || name == "expect";
}

bool is_expectation(const std::string &line) {
  constexpr std::string_view name = "expect:";
  return curl_strnequal(line.c_str(), name.data(), name.size()) != 0;
}

// Leaves out the headers that must not be sent any more.
void reduce_headers(Easy &easy, const Option &headers) {
  ListBuilder reduced;
  for (const std::string &line : headers.items) {
    const bool unwanted = (easy.is_abroad && !may_go_abroad(line)) ||
                          (easy.body_dropped && describes_body(line)) ||
                          (easy.expectation_refused && is_expectation(line));
    if (!unwanted) reduced.append(line.c_str());
  }
  SlistPtr left = reduced.take();
  set_option(easy.handle.get(), CURLOPT_HTTPHEADER, left.get());
  easy.reduced_headers = std::move(left);
  easy.spoiled = true;
}

bool same_part(CURLU *a, CURLU *b, CURLUPart part) {
  char *text_a = nullptr;
  char *text_b = nullptr;
  curl_url_get(a, part, &text_a, CURLU_DEFAULT_PORT);
  curl_url_get(b, part, &text_b, CURLU_DEFAULT_PORT);
  const CurlString owned_a(text_a);
  const CurlString owned_b(text_b);
  if (text_a == nullptr || text_b == nullptr) return false;
  if (curl_strequal(text_a, text_b) != 0) return true;
  if (part != CURLUPART_HOST) return false;
  const std::string ascii = to_ascii_host(text_a);
  return !ascii.empty() && ascii == to_ascii_host(text_b);
}

// Whether each URL that the response names has these parts in common with the one it came from.
bool all_share(std::initializer_list<CURLUPart> parts, const std::string &from,
               const Headers &headers) {
  const UrlPtr current(curl_url());
  if (!current || curl_url_set(current.get(), CURLUPART_URL, from.c_str(),
                               CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
    return false;
  for (const std::string_view location : headers.locations()) {
    const UrlPtr next(curl_url_dup(current.get()));
    if (!next || curl_url_set(next.get(), CURLUPART_URL, std::string(location).c_str(),
                              CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE) != CURLUE_OK)
      return false;
    for (const CURLUPart part : parts) {
      if (!same_part(current.get(), next.get(), part)) return false;
    }
  }
  return true;
}

bool stays_home(const std::string &from, const Headers &headers) {
  return all_share({CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT}, from, headers);
}

void take_back(Easy &easy, CURLoption option) {
  if (!easy.options->has(option)) return;
  set_option(easy.handle.get(), option, nullptr);
  easy.spoiled = true;
}

// Beside the headers: who it is, what is remembered of it, and where it comes from. What is left of
// an identity (the key) is not used without a certificate.
//
// COMPAT libcurl before 8.21 shows the client's certificate to whichever server a redirect leads
// to.
constexpr std::array<CURLoption, 7> personal = {
    CURLOPT_COOKIE,       CURLOPT_REFERER,          CURLOPT_SSLCERT,         CURLOPT_SSLCERTTYPE,
    CURLOPT_SSLCERT_BLOB, CURLOPT_TLSAUTH_USERNAME, CURLOPT_TLSAUTH_PASSWORD};

bool has_personal(const OptionSet &options) {
  return std::any_of(personal.begin(), personal.end(),
                     [&](CURLoption option) { return options.has(option); });
}

template <class Predicate>
bool has_header(const Easy &easy, Predicate &&predicate) {
  const Option *headers = easy.options->find(CURLOPT_HTTPHEADER);
  return headers != nullptr && std::any_of(headers->items.begin(), headers->items.end(), predicate);
}

// As libcurl decides it.
bool drops_body(const Easy &easy, long status) {
  const OptionSet &options = *easy.options;
  const bool posts =
      !options.uploads() &&
      (options.has(CURLOPT_POST) || easy.body == BodyKind::bytes || easy.body == BodyKind::form);
  const std::int64_t kept = posts ? options.number(CURLOPT_POSTREDIR, 0) : 0;
  switch (status) {
    case 301:
      return posts && (kept & CURL_REDIR_POST_301) == 0;
    case 302:
      return posts && (kept & CURL_REDIR_POST_302) == 0;
    case 303:
      return (posts || easy.body != BodyKind::none) && (kept & CURL_REDIR_POST_303) == 0;
    default:
      return false;
  }
}

// libcurl asks the environment by itself for what goes to where another of its proxies may serve.
void choose_proxy(Easy &easy, const std::string &from, const Headers &headers) {
  if (!easy.options->proxy_of_environment() || all_share({CURLUPART_SCHEME}, from, headers)) return;
  set_option(easy.handle.get(), CURLOPT_PROXY, nullptr);
  trust::proxy_changes(easy);
  easy.spoiled = true;
}

bool goes_abroad(const Easy &easy, const std::string &from, const Headers &headers) {
  if (easy.is_abroad || easy.options->number(CURLOPT_UNRESTRICTED_AUTH, 0) != 0) return false;
  const bool has_secrets =
      has_personal(*easy.options) ||
      has_header(easy, [](const std::string &line) { return !may_go_abroad(line); });
  return has_secrets && !stays_home(from, headers);
}

}  // namespace

void prepare(Easy &easy, long status, const std::string &from, const Headers &headers) {
  if (status == 303) take_back(easy, CURLOPT_CUSTOMREQUEST);
  take_back(easy, CURLOPT_REQUEST_TARGET);  // it was the first request's
  choose_proxy(easy, from, headers);
  easy.body_dropped |= drops_body(easy, status) && has_header(easy, &describes_body);
  if (goes_abroad(easy, from, headers)) {
    easy.is_abroad = true;
    for (const CURLoption option : personal) take_back(easy, option);
  }
  const Option *lines = easy.options->find(CURLOPT_HTTPHEADER);
  if (lines != nullptr && (easy.is_abroad || easy.body_dropped)) reduce_headers(easy, *lines);
}

void drop_expectation(Easy &easy) {
  if (easy.expectation_refused || !has_header(easy, &is_expectation)) return;
  easy.expectation_refused = true;
  reduce_headers(easy, *easy.options->find(CURLOPT_HTTPHEADER));
}

}  // namespace luvcurl::redirect
