#include "core/curl/openssl.h"

#include <curl/curl.h>

#include <cstring>

#include "core/curl/library.h"

namespace luvcurl {

namespace {

template <class Function>
bool find(void *library, const char *name, Function *out) noexcept {
  *out = reinterpret_cast<Function>(library::find(library, name));
  return *out != nullptr;
}

// Whether the one that was found is the one that libcurl calls ("OpenSSL/3.0.19" here, "OpenSSL
// 3.0.19 27 Jan 2026" there): bound to a host's, it would be given objects that it does not know.
bool is_libcurls(void *library) noexcept {
  constexpr const char *prefix = "OpenSSL/";
  const char *used = curl_version_info(CURLVERSION_NOW)->ssl_version;
  const char *(*version)(int) = nullptr;
  if (used == nullptr || std::strncmp(used, prefix, std::strlen(prefix)) != 0 ||
      !find(library, "OpenSSL_version", &version))
    return false;
  used += std::strlen(prefix);
  const char *found = version(0);
  const char *number = std::strchr(found, ' ');
  if (number == nullptr) return false;
  const std::size_t size = std::strcspn(++number, " ");
  return std::strncmp(used, number, size) == 0 && (used[size] == '\0' || used[size] == ' ');
}

bool find_all(void *library, OpenSsl *all) noexcept {
#define LUVCURL_FIND(name) find(library, #name, &all->name)
  return LUVCURL_FIND(d2i_X509_NAME) && LUVCURL_FIND(X509_NAME_free) &&
         LUVCURL_FIND(X509_NAME_cmp) && LUVCURL_FIND(d2i_X509) && LUVCURL_FIND(X509_free) &&
         LUVCURL_FIND(SSL_CTX_get_cert_store) && LUVCURL_FIND(X509_STORE_load_locations) &&
         LUVCURL_FIND(X509_STORE_add_cert) && LUVCURL_FIND(X509_STORE_add_lookup) &&
         LUVCURL_FIND(X509_LOOKUP_meth_new) && LUVCURL_FIND(X509_LOOKUP_meth_set_free) &&
         LUVCURL_FIND(X509_LOOKUP_meth_set_get_by_subject) &&
         LUVCURL_FIND(X509_LOOKUP_set_method_data) && LUVCURL_FIND(X509_LOOKUP_get_method_data) &&
         LUVCURL_FIND(X509_LOOKUP_get_store) && LUVCURL_FIND(X509_OBJECT_set1_X509) &&
         LUVCURL_FIND(ERR_clear_error);
#undef LUVCURL_FIND
}

const OpenSsl *look() noexcept {
  static OpenSsl all;
  // Its search covers the libraries that libcurl was linked to, and nothing else.
  void *library = library::of(reinterpret_cast<void *>(&curl_easy_init));
  return library != nullptr && is_libcurls(library) && find_all(library, &all) ? &all : nullptr;
}

}  // namespace

const OpenSsl *openssl() noexcept {
  static const OpenSsl *found = look();
  return found;
}

}  // namespace luvcurl
