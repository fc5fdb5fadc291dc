#include "core/transfer/body.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace luvcurl {

// What was taken goes when there is no room without it, and it is more than what would be moved: a
// consumer that takes all, piece by piece, has nothing moved.
void ByteQueue::append(const char *bytes, std::size_t size) {
  if (!bytes_) {
    bytes_ = std::make_shared<std::string>();
  } else if (is_lent()) {
    bytes_ = std::make_shared<std::string>(view());
    taken_ = 0;
  } else if (bytes_->size() + size > bytes_->capacity() && taken_ > bytes_->size() / 2) {
    bytes_->erase(0, taken_);
    taken_ = 0;
  }
  bytes_->append(bytes, size);
}

void ByteQueue::drop(std::size_t size) {
  if (size == this->size()) return clear();
  taken_ += size;
  position_ += size;
}

void ByteQueue::clear() {
  position_ += size();
  taken_ = 0;
  if (is_lent()) {
    bytes_.reset();
  } else if (bytes_) {
    bytes_->clear();
  }
}

void Collected::reserve(std::size_t room) {
  if (room <= room_) return;
  void *moved = std::realloc(bytes_, room);
  if (moved == nullptr) throw std::bad_alloc();
  bytes_ = static_cast<char *>(moved);
  room_ = room;
}

void Collected::clear() noexcept {
  std::free(bytes_);
  bytes_ = nullptr;
  size_ = room_ = 0;
}

void Outbox::append(const char *bytes, std::size_t size) {
  asked_ = false;
  const auto gone = static_cast<std::size_t>(std::min<std::uint64_t>(unwanted_, size));
  unwanted_ -= gone;
  if (size > gone) bytes_.append(bytes + gone, size - gone);
}

void Outbox::skip(std::uint64_t size) {
  const auto gone = static_cast<std::size_t>(std::min<std::uint64_t>(size, bytes_.size()));
  bytes_.drop(gone);
  unwanted_ = size - gone;
}

std::size_t Outbox::read(char *out, std::size_t size) {
  const std::string_view bytes = bytes_.view().substr(0, size);
  if (bytes.empty()) return 0;  // memcpy takes no nullptr
  touched_ = true;
  std::memcpy(out, bytes.data(), bytes.size());
  bytes_.drop(bytes.size());
  return bytes.size();
}

void Outbox::restart() {
  bytes_.clear();
  start_ = bytes_.position();
  finished_ = false;
  asked_ = false;
  unwanted_ = 0;
  touched_ = false;
  stale_ = true;
}

bool Outbox::ask() {
  if (asked_ || !low()) return false;
  asked_ = true;
  return true;
}

}  // namespace luvcurl
