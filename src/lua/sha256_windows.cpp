#include <windows.h>
// In this order.
#include <bcrypt.h>

#include <new>

#include "lua/sha256.h"

namespace luvcurl::lua {

struct Sha256::State {
  BCRYPT_ALG_HANDLE algorithm = nullptr;
  BCRYPT_HASH_HANDLE hash = nullptr;

  bool begin() noexcept {
    return BCryptOpenAlgorithmProvider(&algorithm, BCRYPT_SHA256_ALGORITHM, nullptr, 0) == 0 &&
           BCryptCreateHash(algorithm, &hash, nullptr, 0, nullptr, 0, 0) == 0;
  }
  State() = default;
  State(const State &) = delete;
  State &operator=(const State &) = delete;
  ~State() {
    if (hash != nullptr) BCryptDestroyHash(hash);
    if (algorithm != nullptr) BCryptCloseAlgorithmProvider(algorithm, 0);
  }
};

Sha256::Sha256() noexcept : state_(new (std::nothrow) State) {
  if (state_ && !state_->begin()) state_.reset();
}

Sha256::~Sha256() = default;

bool Sha256::update(const char *bytes, std::size_t size) noexcept {
  constexpr std::size_t most = 1U << 30U;
  auto *next = reinterpret_cast<unsigned char *>(const_cast<char *>(bytes));
  while (size > 0) {
    const std::size_t part = size < most ? size : most;
    if (BCryptHashData(state_->hash, next, static_cast<ULONG>(part), 0) != 0) return false;
    next += part;
    size -= part;
  }
  return true;
}

bool Sha256::digest(Digest *out) const noexcept {
  BCRYPT_HASH_HANDLE copy = nullptr;
  if (BCryptDuplicateHash(state_->hash, &copy, nullptr, 0, 0) != 0) return false;
  const bool done = BCryptFinishHash(copy, out->data(), static_cast<ULONG>(out->size()), 0) == 0;
  BCryptDestroyHash(copy);
  return done;
}

}  // namespace luvcurl::lua
