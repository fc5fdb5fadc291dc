#include <openssl/evp.h>

#include <new>

#include "core/curl/curl_ptr.h"
#include "lua/sha256.h"

namespace luvcurl::lua {

namespace {

using Context = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;

}  // namespace

struct Sha256::State {
  Context context{EVP_MD_CTX_new()};
};

Sha256::Sha256() noexcept : state_(new (std::nothrow) State) {
  if (state_ &&
      (!state_->context || EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) != 1))
    state_.reset();
}

Sha256::~Sha256() = default;

bool Sha256::update(const char *bytes, std::size_t size) noexcept {
  return EVP_DigestUpdate(state_->context.get(), bytes, size) == 1;
}

bool Sha256::digest(Digest *out) const noexcept {
  const Context copy(EVP_MD_CTX_new());
  return copy && EVP_MD_CTX_copy_ex(copy.get(), state_->context.get()) == 1 &&
         EVP_DigestFinal_ex(copy.get(), out->data(), nullptr) == 1;
}

}  // namespace luvcurl::lua
