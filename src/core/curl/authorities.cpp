#include "core/curl/authorities.h"

#include <unordered_map>

#include "core/curl/file.h"

namespace luvcurl {

namespace {

using Held = std::shared_ptr<Authorities>;

// --- OpenSSL's way to look something up ---

int by_subject(OpenSsl::Lookup *lookup, int type, const OpenSsl::Name *name, OpenSsl::Object *out) {
  constexpr int certificates = 1;  // X509_LU_X509
  const OpenSsl &ssl = *openssl();
  const auto *held = static_cast<const Held *>(ssl.X509_LOOKUP_get_method_data(lookup));
  if (type != certificates || held == nullptr) return 0;
  OpenSsl::Certificate *found = (*held)->add_named(name, ssl.X509_LOOKUP_get_store(lookup));
  if (found == nullptr || ssl.X509_OBJECT_set1_X509(out, found) == 0) return 0;
  ssl.X509_free(found);  // what is given out here is the store's: who called takes a hold of it
  return 1;
}

void drop(OpenSsl::Lookup *lookup) {
  delete static_cast<Held *>(openssl()->X509_LOOKUP_get_method_data(lookup));
}

OpenSsl::LookupMethod *make_method(const OpenSsl &ssl) noexcept {
  OpenSsl::LookupMethod *method = ssl.X509_LOOKUP_meth_new("luvcurl: certificates by name");
  if (method == nullptr) return nullptr;
  ssl.X509_LOOKUP_meth_set_get_by_subject(method, &by_subject);
  ssl.X509_LOOKUP_meth_set_free(method, &drop);
  return method;
}

// --- what was read before ---

bool read_file(const std::string &path, std::string *out) {
  constexpr std::size_t largest = 16 * 1024 * 1024;
  const FilePtr file = open_file(path);
  if (!file) return false;
  char buffer[16 * 1024];
  std::size_t count = 0;
  while ((count = std::fread(buffer, 1, sizeof buffer, file.get())) > 0) {
    if (out->size() + count > largest) return false;
    out->append(buffer, count);
  }
  return std::ferror(file.get()) == 0;
}

// Never destroyed: the process may end while other threads look things up.
struct Memory {
  static constexpr std::size_t most = 16;  // of each; forgotten all at once

  struct File {
    FileStamp stamp;
    Held authorities;
  };

  std::mutex mutex;
  std::unordered_map<std::string, File> files;
  std::unordered_map<std::string, Held> texts;
};

Memory &memory() {
  static Memory &all = *new Memory;
  return all;
}

}  // namespace

Held Authorities::read(const OpenSsl &ssl, std::string_view text) {
  std::vector<PemCertificate> certificates;
  if (!read_pem(text, &certificates)) return nullptr;
  Held made(new Authorities(ssl));
  made->entries_.reserve(certificates.size());
  for (PemCertificate &pem : certificates) made->entries_.push_back({std::move(pem), nullptr, {}});
  return made->name_all() ? made : nullptr;
}

bool Authorities::name_all() {
  for (Entry &entry : entries_) {
    const std::string_view subject = entry.pem.subject();
    const auto *bytes = reinterpret_cast<const unsigned char *>(subject.data());
    entry.name = ssl_.d2i_X509_NAME(nullptr, &bytes, static_cast<long>(subject.size()));
    if (entry.name != nullptr) continue;
    ssl_.ERR_clear_error();
    return false;
  }
  return true;
}

Authorities::~Authorities() {
  for (const Entry &entry : entries_) {
    if (entry.name != nullptr) ssl_.X509_NAME_free(entry.name);
    if (entry.certificate != nullptr) ssl_.X509_free(entry.certificate);
  }
}

OpenSsl::Certificate *Authorities::add_named(const OpenSsl::Name *name,
                                             OpenSsl::Store *store) noexcept {
  const std::lock_guard<std::mutex> guard(mutex_);
  OpenSsl::Certificate *found = nullptr;
  for (Entry &entry : entries_) {
    if (ssl_.X509_NAME_cmp(entry.name, name) != 0) continue;
    if (entry.certificate == nullptr) {
      const auto *bytes = reinterpret_cast<const unsigned char *>(entry.pem.der.data());
      entry.certificate = ssl_.d2i_X509(nullptr, &bytes, static_cast<long>(entry.pem.der.size()));
    }
    if (entry.certificate == nullptr || ssl_.X509_STORE_add_cert(store, entry.certificate) == 0)
      continue;
    if (found == nullptr) found = entry.certificate;
  }
  return found;
}

bool Authorities::attach(const Held &authorities, void *context) noexcept {
  const OpenSsl &ssl = authorities->ssl_;
  static OpenSsl::LookupMethod *const method = make_method(ssl);
  if (method == nullptr) return false;
  OpenSsl::Lookup *lookup = ssl.X509_STORE_add_lookup(ssl.SSL_CTX_get_cert_store(context), method);
  if (lookup == nullptr) return false;
  auto *held = new (std::nothrow) Held(authorities);
  if (held == nullptr) return false;
  drop(lookup);  // OpenSSL gives the lookup that a store has already
  ssl.X509_LOOKUP_set_method_data(lookup, held);
  return true;
}

Held Authorities::of_file(const OpenSsl &ssl, const std::string &path) {
  Memory &all = memory();
  const std::lock_guard<std::mutex> guard(all.mutex);
  FileStamp stamp;
  if (!stamp_of(path, &stamp)) return nullptr;
  const auto known = all.files.find(path);
  if (known != all.files.end() && known->second.stamp == stamp) return known->second.authorities;
  std::string text;
  if (!read_file(path, &text)) return nullptr;
  if (all.files.size() >= Memory::most) all.files.clear();
  return (all.files[path] = {stamp, read(ssl, text)}).authorities;
}

Held Authorities::of_text(const OpenSsl &ssl, const std::string &text) {
  Memory &all = memory();
  const std::lock_guard<std::mutex> guard(all.mutex);
  const auto known = all.texts.find(text);
  if (known != all.texts.end()) return known->second;
  if (all.texts.size() >= Memory::most) all.texts.clear();
  return all.texts[text] = read(ssl, text);
}

}  // namespace luvcurl
