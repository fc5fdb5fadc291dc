#include "core/curl/trust.h"

#include <cstdlib>
#include <cstring>

#include "core/curl/authorities.h"
#include "core/curl/file.h"
#include "core/curl/quirks.h"

namespace luvcurl::trust {

namespace {

// COMPAT libcurl from 8.17 on takes its built-in file for CAINFO where that was set to none; not
// where certificates are given as a text. So it gets a text that names nobody: a list of revoked
// certificates, of an issuer without any, and looked at only for certificates of that issuer.
constexpr const char *nobody =
    "-----BEGIN X509 CRL-----\n"
    "MIGnME4CAQEwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEbm9uZRcNMDAwMTAxMDAw\n"
    "MDAwWhcNMDAwMTAyMDAwMDAwWqAOMAwwCgYDVR0UBAMCAQEwCgYIKoZIzj0EAwID\n"
    "SQAwRgIhAObdC1+Cw4OLQFKozGqpOOnxRvvVb2P1oe3YtC7ylR3FAiEAg6Evwjol\n"
    "BuPQ0BlD8L/AUnQXeV+qgTj2sQtj19EPgpg=\n"
    "-----END X509 CRL-----\n";

/// The options for the server's certificate, and those for an HTTPS proxy's.
struct Side {
  CURLoption file, folder, text, verify, flags;
};

// By name: CAINFO_BLOB (7.77) may be newer than the headers; the loaded libcurl's 0 is nobody's.
const Side &side_of(bool proxy) {
  static const Side server = {CURLOPT_CAINFO, CURLOPT_CAPATH, find_option("cainfo_blob").id,
                              CURLOPT_SSL_VERIFYPEER, CURLOPT_SSL_OPTIONS};
  static const Side of_proxy = {CURLOPT_PROXY_CAINFO, CURLOPT_PROXY_CAPATH,
                                find_option("proxy_cainfo_blob").id, CURLOPT_PROXY_SSL_VERIFYPEER,
                                CURLOPT_PROXY_SSL_OPTIONS};
  return proxy ? of_proxy : server;
}

/// Whom one side is to trust: paths and a text, empty for none.
struct Trusted {
  std::string file, folder;
  const std::string *text = nullptr;

  bool operator==(const Trusted &other) const {
    return file == other.file && folder == other.folder &&
           (text == other.text ||
            (text != nullptr && other.text != nullptr && *text == *other.text));
  }
};

std::string path_of(const OptionSet &options, CURLoption id, const char *built_in) {
  const Option *given = options.find(id);
  if (given != nullptr) return given->unset ? std::string() : given->text;
  return built_in != nullptr ? built_in : "";
}

Trusted trusted_of(const OptionSet &options, const Side &side) {
  const curl_version_info_data &info = *curl_version_info(CURLVERSION_NOW);
  Trusted trusted;
  trusted.file = path_of(options, side.file, info.cainfo);
  trusted.folder = path_of(options, side.folder, info.capath);
  const Option *text = side.text != CURLoption{} ? options.find(side.text) : nullptr;
  if (text != nullptr) trusted.text = &text->text;
  return trusted;
}

// What the system itself trusts (macOS, Windows) counts beside, or instead: libcurl's to do.
bool is_native(const OptionSet &options, const Side &side) {
  constexpr std::int64_t native = 1 << 4;  // CURLSSLOPT_NATIVE_CA
  if ((options.number(side.flags, 0) & native) != 0) return true;
  return quirks().native_authorities && !options.has(side.file) && !options.has(side.folder) &&
         !options.has(side.text);
}

bool has_prefix(const std::string &text, const char *prefix) {
  return curl_strnequal(text.c_str(), prefix, std::strlen(prefix)) != 0;
}

bool has_https_proxy(const OptionSet &options) {
  constexpr std::int64_t https = 2;   // CURLPROXY_HTTPS
  constexpr std::int64_t https2 = 3;  // CURLPROXY_HTTPS2
  const Option *proxy = options.find(CURLOPT_PROXY);
  if (proxy == nullptr || proxy->text.empty()) return false;
  const std::int64_t type = options.number(CURLOPT_PROXYTYPE, 0);
  return has_prefix(proxy->text, "https:") ||
         (proxy->text.find("://") == std::string::npos && (type == https || type == https2));
}

std::shared_ptr<Authorities> authorities_of(const Trusted &trusted) {
  const OpenSsl *ssl = openssl();
  if (ssl == nullptr) return nullptr;
  if (trusted.text != nullptr) return Authorities::of_text(*ssl, *trusted.text);
  return trusted.file.empty() ? nullptr : Authorities::of_file(*ssl, trusted.file);
}

// The file may have changed since, or become one that only OpenSSL knows to read.
CURLcode offer(const Trusted &trusted, void *context) {
  const auto authorities = authorities_of(trusted);
  if (authorities)
    return Authorities::attach(authorities, context) ? CURLE_OK : CURLE_OUT_OF_MEMORY;
  const OpenSsl &ssl = *openssl();
  const char *file = trusted.file.c_str();
  return ssl.X509_STORE_load_locations(ssl.SSL_CTX_get_cert_store(context), file, nullptr) == 1
             ? CURLE_OK
             : CURLE_SSL_CACERT_BADFILE;
}

// libcurl does not say whose certificate a connection is about to look at. Through an HTTPS proxy
// the first is the proxy's.
CURLcode on_connection(CURL *, void *context, void *handle) noexcept {
  Easy &easy = *static_cast<Easy *>(handle);
  const bool is_proxy = easy.trust.by_https_proxy && easy.trust.layers++ == 0;
  if (!(is_proxy ? easy.trust.proxy : easy.trust.server)) return CURLE_OK;
  try {
    return offer(trusted_of(*easy.options, side_of(is_proxy)), context);
  } catch (const std::bad_alloc &) {
    return CURLE_OUT_OF_MEMORY;
  }
}

// The built-in file is not read before somebody speaks TLS. Of what an option names, libcurl has
// the better words when it cannot be read.
bool can_be_read(const OptionSet &options, const Side &side, const Trusted &trusted) {
  if (openssl() == nullptr) return false;
  if (trusted.text != nullptr || options.has(side.file)) return authorities_of(trusted) != nullptr;
  return !trusted.file.empty() && open_file(trusted.file) != nullptr;
}

CURLcode set_text(CURL *easy, CURLoption id, const char *text) {
  curl_blob blob{};
  blob.data = const_cast<char *>(text);
  blob.len = std::strlen(text);
  blob.flags = CURL_BLOB_NOCOPY;
  return set_option(easy, id, &blob);
}

// libcurl reads no file; with a folder it does not keep what it has read either, which would be the
// first connection's certificates for those that come after.
void set_nobody(CURL *easy, const Side &side, const Trusted &trusted) {
  set_option(easy, side.file, nullptr);
  if (quirks().unset_authorities_are_built_in) {
    set_text(easy, side.text, nobody);
  } else if (trusted.text != nullptr) {
    set_option(easy, side.text, nullptr);
  }
  if (trusted.folder.empty()) set_option(easy, side.folder, no_folder);
}

// Where libcurl reads them itself: keeps the built-in ones out that an option said are not meant.
void keep_out(Easy &easy, const Side &side, const Trusted &trusted, std::string *error) {
  if (!quirks().unset_authorities_are_built_in) return;
  CURL *handle = easy.handle.get();
  if (trusted.folder.empty()) set_option(handle, side.folder, no_folder);
  if (!trusted.file.empty() || trusted.text != nullptr) return;
  if (openssl() != nullptr) {
    set_text(handle, side.text, nobody);
  } else if (easy.options->has(side.file)) {
    *error = "this libcurl cannot trust a folder of authorities only: name a file besides";
  }
}

// Whether luvcurl tells of one side's certificates; false with `*error` set when nobody can.
bool install_side(Easy &easy, const Side &side, std::string *error) {
  const OptionSet &options = *easy.options;
  if (options.number(side.verify, 1) == 0 || is_native(options, side)) return false;
  const Trusted trusted = trusted_of(options, side);
  if (!can_be_read(options, side, trusted)) {
    keep_out(easy, side, trusted, error);
    return false;
  }
  set_nobody(easy.handle.get(), side, trusted);
  return true;
}

bool environment_has_https_proxy() {
  for (const char *name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    const char *value = std::getenv(name);
    if (value != nullptr && has_prefix(value, "https:")) return true;
  }
  return false;
}

void give_back(Easy &easy, const Side &side) {
  CURL *handle = easy.handle.get();
  const Trusted trusted = trusted_of(*easy.options, side);
  if (!trusted.file.empty()) set_option(handle, side.file, trusted.file.c_str());
  if (trusted.text != nullptr) {
    curl_blob blob{};
    blob.data = const_cast<char *>(trusted.text->data());
    blob.len = trusted.text->size();
    blob.flags = CURL_BLOB_COPY;
    set_option(handle, side.text, &blob);
  } else if (quirks().unset_authorities_are_built_in && !trusted.file.empty()) {
    set_option(handle, side.text, nullptr);
  }
}

}  // namespace

bool install(Easy &easy, std::string *error) {
  CURL *handle = easy.handle.get();
  TrustSides &trust = easy.trust;
  trust.by_https_proxy = has_https_proxy(*easy.options);
  trust.server = install_side(easy, side_of(false), error);
  trust.proxy = trust.by_https_proxy && install_side(easy, side_of(true), error);
  if (!error->empty()) return false;
  if (!trust.server && !trust.proxy) return true;
  set_option(handle, CURLOPT_SSL_CTX_FUNCTION, &on_connection);
  set_option(handle, CURLOPT_SSL_CTX_DATA, &easy);
  return true;
}

void proxy_changes(Easy &easy) {
  TrustSides &trust = easy.trust;
  if ((!trust.server && !trust.proxy) || !environment_has_https_proxy()) return;
  set_option(easy.handle.get(), CURLOPT_SSL_CTX_FUNCTION, nullptr);
  if (trust.server) give_back(easy, side_of(false));
  if (trust.proxy) give_back(easy, side_of(true));
  trust = {};
}

}  // namespace luvcurl::trust
