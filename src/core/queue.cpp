#include "core/queue.h"

#include <new>

#include "core/url.h"

namespace luvcurl {

void Queue::push(Origin *origin, std::shared_ptr<Transfer> transfer) {
  std::unique_ptr<Line> &line = lines_[origin];
  if (!line) line = std::make_unique<Line>(origin);
  line->waiting.push_back(std::move(transfer));
  if (line->waiting.size() == 1) {
    try {
      ring_.push_back(line.get());
    } catch (const std::bad_alloc &) {
      line->waiting.pop_back();
      throw;
    }
  }
  ++size_;
}

std::shared_ptr<Transfer> Queue::pop(std::size_t per_origin) {
  for (std::size_t tried = 0; tried < ring_.size(); ++tried) {
    if (next_ >= ring_.size()) next_ = 0;
    Line &line = *ring_[next_];
    if (per_origin != 0 && !line.origin->secure && line.origin->active >= per_origin) {
      ++next_;
      continue;
    }
    std::shared_ptr<Transfer> transfer = std::move(line.waiting.front());
    line.waiting.pop_front();
    --size_;
    if (line.waiting.empty()) {
      ring_.erase(ring_.begin() + static_cast<std::ptrdiff_t>(next_));
      // A line without anybody is kept for the next request to its server, unless there are too
      // many.
      if (lines_.size() > max_empty_lines) lines_.erase(line.origin);
    } else {
      ++next_;
    }
    return transfer;
  }
  return nullptr;
}

}  // namespace luvcurl
