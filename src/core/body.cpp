#include "core/body.h"

#include <algorithm>
#include <cstring>

namespace luvcurl {

namespace {

// Moves the rest to the front once most of the buffer has been taken, so that it does not grow with
// what has passed through it, nor is moved for every chunk.
void compact(std::string &bytes, std::size_t &taken) {
  if (taken == bytes.size()) {
    bytes.clear();
    taken = 0;
  } else if (taken > bytes.size() / 2) {
    bytes.erase(0, taken);
    taken = 0;
  }
}

}  // namespace

void Inbox::drop(std::size_t size) {
  taken_ += size;
  compact(bytes_, taken_);
}

std::size_t Outbox::read(char *out, std::size_t size) {
  const std::size_t count = std::min(size, this->size());
  touched_ = touched_ || count > 0;
  std::memcpy(out, bytes_.data() + taken_, count);
  taken_ += count;
  compact(bytes_, taken_);
  return count;
}

void Outbox::restart() {
  bytes_.clear();
  taken_ = 0;
  finished_ = false;
  asked_ = false;
  touched_ = false;
  stale_ = true;
}

bool Outbox::ask() {
  if (asked_ || !low()) return false;
  asked_ = true;
  return true;
}

}  // namespace luvcurl
