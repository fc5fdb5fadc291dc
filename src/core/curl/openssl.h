#pragma once

namespace luvcurl {

/// Functions of the OpenSSL that libcurl was loaded with, whatever other one the host may export.
/// Its objects are opaque here: no header of OpenSSL is needed, and any from 1.1.0 on will do.
struct OpenSsl {
  using Name = void;
  using Certificate = void;
  using Store = void;
  using Lookup = void;
  using LookupMethod = void;
  using Object = void;
  using BySubject = int (*)(Lookup *lookup, int type, const Name *name, Object *out);

  Name *(*d2i_X509_NAME)(Name **, const unsigned char **, long) = nullptr;
  void (*X509_NAME_free)(Name *) = nullptr;
  int (*X509_NAME_cmp)(const Name *, const Name *) = nullptr;
  Certificate *(*d2i_X509)(Certificate **, const unsigned char **, long) = nullptr;
  void (*X509_free)(Certificate *) = nullptr;
  Store *(*SSL_CTX_get_cert_store)(const void *) = nullptr;
  int (*X509_STORE_load_locations)(Store *, const char *file, const char *folder) = nullptr;
  int (*X509_STORE_add_cert)(Store *, Certificate *) = nullptr;
  Lookup *(*X509_STORE_add_lookup)(Store *, LookupMethod *) = nullptr;
  LookupMethod *(*X509_LOOKUP_meth_new)(const char *) = nullptr;
  int (*X509_LOOKUP_meth_set_free)(LookupMethod *, void (*)(Lookup *)) = nullptr;
  int (*X509_LOOKUP_meth_set_get_by_subject)(LookupMethod *, BySubject) = nullptr;
  int (*X509_LOOKUP_set_method_data)(Lookup *, void *) = nullptr;
  void *(*X509_LOOKUP_get_method_data)(const Lookup *) = nullptr;
  Store *(*X509_LOOKUP_get_store)(const Lookup *) = nullptr;
  int (*X509_OBJECT_set1_X509)(Object *, Certificate *) = nullptr;
  void (*ERR_clear_error)() = nullptr;
};

/// nullptr where libcurl's TLS is another's, or not all of it is there.
const OpenSsl *openssl() noexcept;

}  // namespace luvcurl
