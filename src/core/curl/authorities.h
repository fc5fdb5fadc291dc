#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/curl/openssl.h"
#include "core/curl/pem.h"

namespace luvcurl {

/// The certificates of one file or text, read as a folder of hashed names is: all are known by
/// their names, and a certificate is looked into when somebody asks for its name. Of the 144 that
/// Debian has, that takes 3 ms once instead of 30 to 100 ms for every connection.
class Authorities {
 public:
  /// nullptr when it holds something else, or nothing. Throws std::bad_alloc.
  static std::shared_ptr<Authorities> read(const OpenSsl &ssl, std::string_view text);

  /// Those of a file as it is now, or of a text that is given again and again. Any thread may ask.
  static std::shared_ptr<Authorities> of_file(const OpenSsl &ssl, const std::string &path);
  static std::shared_ptr<Authorities> of_text(const OpenSsl &ssl, const std::string &text);

  ~Authorities();
  Authorities(const Authorities &) = delete;
  Authorities &operator=(const Authorities &) = delete;

  /// Adds the certificates of that name to a store. Returns one of them, the store's; nullptr when
  /// there is none. Any thread may ask.
  OpenSsl::Certificate *add_named(const OpenSsl::Name *name, OpenSsl::Store *store) noexcept;

  /// Has the connection that `context` (an SSL_CTX) is made for look here, too.
  static bool attach(const std::shared_ptr<Authorities> &authorities, void *context) noexcept;

 private:
  struct Entry {
    PemCertificate pem;
    OpenSsl::Name *name = nullptr;
    OpenSsl::Certificate *certificate = nullptr;  // once it was asked for
  };

  explicit Authorities(const OpenSsl &ssl) : ssl_(ssl) {}

  bool name_all();

  const OpenSsl &ssl_;
  std::mutex mutex_;  // the entries' certificates
  std::vector<Entry> entries_;
};

}  // namespace luvcurl
