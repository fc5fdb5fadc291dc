#include "core/curl/kinship.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/curl/goodbye.h"
#include "core/curl/option.h"
#include "core/curl/quirks.h"

namespace luvcurl {

namespace {

// Whom a request trusts and as whom it goes, to the server and to the proxy; where names lead,
// since what an option says of that stays in the cache of names; which way a connection goes out,
// and what is spoken over it.
//
// COMPAT libcurl compares some of that, in some versions: 7.88 not the client's key, its password
// nor the types of both (CVE-2022-27782), not USE_SSL where a kept connection has stayed plain,
// not what FTP, SSH and GSS-API add (CVE-2023-27535, -27536, -27538), the newest not what a host
// key is looked at with; a proxy's credentials not before 8.19. A request that binds to no address
// takes a connection that is bound to one. 7.88 takes a connection over which HTTP/2 was tried
// unasked for one that can carry several requests, and gives out answers in the wrong order.
constexpr std::array<std::string_view, 10> prefixes = {
    "ssl", "ssh_", "tls", "cainfo", "capath", "issuercert", "proxy", "haproxy", "socks5_", "doh_"};

constexpr std::array<std::string_view, 25> names = {"dns_servers",    "dns_interface",
                                                    "dns_local_ip4",  "dns_local_ip6",
                                                    "http_version",   "interface",
                                                    "ipresolve",      "localport",
                                                    "localportrange", "resolve",
                                                    "crlfile",        "ech",
                                                    "ftp_account",    "ftp_alternative_to_user",
                                                    "ftp_ssl",        "ftpsslauth",
                                                    "ftp_ssl_ccc",    "gssapi_delegation",
                                                    "keypasswd",      "krb4level",
                                                    "krblevel",       "pinnedpublickey",
                                                    "pre_proxy",      "use_ssl",
                                                    "service_name"};

// With these schemes it is the connection that has logged in, not the request.
bool logs_connections_in(const std::vector<Option> &options) {
  constexpr std::int64_t schemes = CURLAUTH_NEGOTIATE | CURLAUTH_NTLM;
  return std::any_of(options.begin(), options.end(), [](const Option &option) {
    return option.info.id == CURLOPT_HTTPAUTH && (option.number & schemes) != 0;
  });
}

bool is_login(CURLoption id) {
  return id == CURLOPT_USERPWD || id == CURLOPT_USERNAME || id == CURLOPT_PASSWORD;
}

// The default: none, whatever the environment says.
bool is_no_proxy(const Option &option) {
  return option.info.id == CURLOPT_PROXY && option.text.empty();
}

void append_text(std::string &to, const std::string &text) {
  to += std::to_string(text.size()) + ':' + text;
}

void append_option(std::string &to, const Option &option) {
  append_text(to, option.info.name);
  to += option.unset ? '-' : '=';
  to += std::to_string(option.number);
  append_text(to, option.text);
  for (const std::string &item : option.items) append_text(to, item);
  to += ';';
}

}  // namespace

bool decides_kinship(const std::string &name) {
  const auto begins = [&](std::string_view prefix) { return name.rfind(prefix, 0) == 0; };
  return std::any_of(prefixes.begin(), prefixes.end(), begins) ||
         std::find(names.begin(), names.end(), name) != names.end();
}

std::string kinship_of(const std::vector<Option> &options) {
  const bool logs_in = logs_connections_in(options);
  std::string text;
  for (auto option = options.begin(); option != options.end(); ++option) {
    if (!option->info.is_kin && !(logs_in && is_login(option->info.id))) continue;
    const bool overridden = std::any_of(option + 1, options.end(), [&](const Option &later) {
      return later.info.id == option->info.id;
    });
    if (!overridden && !is_no_proxy(*option)) append_option(text, *option);
  }
  return text;
}

const char *apart_by_scheme(std::string_view url) noexcept {
  // COMPAT libcurl before 8.17: it sends a request for http:// over a kept connection for https://
  // to the same host and port (curl#19006).
  if (url.substr(0, 4) == "http")
    return quirks().mixes_schemes && url.substr(4, 2) == "s:" ? " https" : "";
  // Who closes an idle connection of these, another's, has to be told of it.
  return says_goodbye(url.substr(0, url.find(':'))) ? " talks" : "";
}

}  // namespace luvcurl
