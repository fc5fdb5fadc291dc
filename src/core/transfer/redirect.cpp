#include "core/transfer/redirect.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace luvcurl::redirect {

namespace {

// Parts of header names that say "this is a secret". Better one header too few for a stranger than
// one too many.
constexpr std::array<std::string_view, 10> sensitive_words = {
    "auth",     "cookie",     "token",   "key",       "secret",
    "password", "credential", "session", "signature", "csrf"};

bool is_sensitive(std::string_view line) {
  std::string name(line.substr(0, line.find_first_of(":;")));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::any_of(sensitive_words.begin(), sensitive_words.end(),
                     [&](std::string_view word) { return name.find(word) != std::string::npos; });
}

bool is_expectation(const std::string &line) {
  constexpr std::string_view name = "expect:";
  return curl_strnequal(line.c_str(), name.data(), name.size()) != 0;
}

// Leaves out the headers that must not be sent any more.
void reduce_headers(Easy &easy, const Option &headers) {
  SlistPtr left;
  for (const std::string &line : headers.items) {
    const bool unwanted = (easy.is_abroad && is_sensitive(line)) ||
                          (easy.expectation_refused && is_expectation(line));
    if (!unwanted) append(left, line.c_str());
  }
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
  return text_a != nullptr && text_b != nullptr && curl_strequal(text_a, text_b) != 0;
}

bool same_origin(const std::string &from, const std::string &location) {
  const UrlPtr current(curl_url());
  if (!current || curl_url_set(current.get(), CURLUPART_URL, from.c_str(),
                               CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
    return false;
  const UrlPtr next(curl_url_dup(current.get()));
  if (!next || curl_url_set(next.get(), CURLUPART_URL, location.c_str(),
                            CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE) != CURLUE_OK)
    return false;
  return same_part(current.get(), next.get(), CURLUPART_SCHEME) &&
         same_part(current.get(), next.get(), CURLUPART_HOST) &&
         same_part(current.get(), next.get(), CURLUPART_PORT);
}

// COMPAT libcurl before 8.21 goes to whichever server a redirect leads to as who it was for the
// first. What is left of it (the key) is not used without a certificate.
void take_back_identity(Easy &easy) {
  for (const CURLoption option : {CURLOPT_SSLCERT, CURLOPT_SSLCERTTYPE, CURLOPT_SSLCERT_BLOB,
                                  CURLOPT_TLSAUTH_USERNAME, CURLOPT_TLSAUTH_PASSWORD}) {
    if (easy.options->has(option)) set_option(easy.handle.get(), option, nullptr);
  }
}

bool has_identity(const OptionSet &options) {
  return options.has(CURLOPT_SSLCERT) || options.has(CURLOPT_SSLCERT_BLOB) ||
         options.has(CURLOPT_TLSAUTH_USERNAME);
}

}  // namespace

void prepare(Easy &easy, long status, const std::string &from, const std::string &location) {
  CURL *handle = easy.handle.get();
  if (status == 303 && easy.options->has(CURLOPT_CUSTOMREQUEST)) {
    set_option(handle, CURLOPT_CUSTOMREQUEST, nullptr);
    easy.spoiled = true;
  }
  if (easy.options->number(CURLOPT_UNRESTRICTED_AUTH, 0) != 0) return;
  const Option *headers = easy.options->find(CURLOPT_HTTPHEADER);
  const bool has_secrets = headers != nullptr && !easy.is_abroad &&
                           std::any_of(headers->items.begin(), headers->items.end(),
                                       [](const std::string &line) { return is_sensitive(line); });
  const bool has_cookie = easy.options->has(CURLOPT_COOKIE);
  const bool identifies = has_identity(*easy.options);
  if ((!has_secrets && !has_cookie && !identifies) || same_origin(from, location)) return;
  easy.spoiled = true;
  if (identifies) take_back_identity(easy);
  if (has_cookie) set_option(handle, CURLOPT_COOKIE, nullptr);
  if (!has_secrets) return;
  easy.is_abroad = true;
  reduce_headers(easy, *headers);
}

void drop_expectation(Easy &easy) {
  const Option *headers = easy.options->find(CURLOPT_HTTPHEADER);
  if (headers == nullptr || easy.expectation_refused ||
      std::none_of(headers->items.begin(), headers->items.end(), &is_expectation))
    return;
  easy.expectation_refused = true;
  reduce_headers(easy, *headers);
}

}  // namespace luvcurl::redirect
