#include "core/transfer/phase.h"

#include <cstdlib>
#include <string>

#include "core/curl/curl_ptr.h"
#include "core/curl/info.h"

namespace luvcurl {

namespace {

bool is_secure(std::string_view url) {
  const std::string_view scheme = url.substr(0, url.find("://"));
  return !scheme.empty() && scheme.back() == 's' && scheme != "ws";
}

bool is_about_tls(CURLcode code) {
  switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_USE_SSL_FAILED:
      return true;
    default:
      return false;
  }
}

long port_of(std::string_view url) {
  const UrlPtr parsed(curl_url());
  char *port = nullptr;
  if (!parsed ||
      curl_url_set(parsed.get(), CURLUPART_URL, std::string(url).c_str(),
                   CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
      curl_url_get(parsed.get(), CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK)
    return 0;
  const CurlString owned(port);
  return std::strtol(port, nullptr, 10);
}

// A proxy is asked to connect, too.
bool waits_for_tunnel(CURL *easy, const Leg &leg) {
  return leg.has_proxy && is_secure(leg.url) &&
         info_long(easy, CURLINFO_HTTP_CONNECTCODE) / 100 != 2 &&
         info_long(easy, CURLINFO_PRIMARY_PORT) != port_of(leg.url);
}

// Other protocols than HTTP send no request that libcurl counts, and COMPAT libcurl 7.88 counts
// what it sends to a proxy before TLS begins, too.
bool is_sent(const Leg &leg, const Steps &now) {
  const bool has_tls = !leg.opened || !is_secure(leg.url) || now.tls > leg.before.tls;
  const bool http = leg.url.substr(0, 4) == "http";
  return has_tls && (now.sent > leg.before.sent || (!http && now.send > leg.before.send));
}

}  // namespace

const char *phase_name(Phase phase) noexcept {
  switch (phase) {
    case Phase::queue:
      return "queue";
    case Phase::resolve:
      return "resolve";
    case Phase::connect:
      return "connect";
    case Phase::tls:
      return "tls";
    case Phase::send:
      return "send";
    case Phase::wait:
      return "wait";
    case Phase::body:
      return "body";
  }
  return "queue";
}

Steps steps_of(CURL *easy) noexcept {
  return {info_size(easy, CURLINFO_NAMELOOKUP_TIME_T), info_size(easy, CURLINFO_APPCONNECT_TIME_T),
          info_size(easy, CURLINFO_PRETRANSFER_TIME_T), info_size(easy, CURLINFO_REDIRECT_TIME_T),
          info_long(easy, CURLINFO_REQUEST_SIZE)};
}

Phase phase_before_response(CURL *easy, CURLcode code, const Leg &leg) noexcept {
  const Steps &before = leg.before;
  const Steps now = steps_of(easy);
  // The answer that leads elsewhere is still under way, or leads where it must not.
  const bool unfit = code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT;
  if (before.sent != 0 && (unfit || now.redirect == before.redirect)) return Phase::wait;
  if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY)
    return Phase::resolve;
  if (is_about_tls(code)) return Phase::tls;
  if (leg.opened && waits_for_tunnel(easy, leg)) return Phase::connect;
  if (is_sent(leg, now)) return code == CURLE_SEND_ERROR ? Phase::send : Phase::wait;
  if (!leg.opened) return now.resolve == before.resolve ? Phase::resolve : Phase::connect;
  if (!leg.reached) return Phase::connect;
  return is_secure(leg.url) && now.tls == before.tls ? Phase::tls : Phase::connect;
}

}  // namespace luvcurl
