#include "core/multi/queue.h"

#include <algorithm>
#include <new>

namespace luvcurl {

void Queue::push(Server *server, std::shared_ptr<Transfer> transfer) {
  std::unique_ptr<Line> &line = lines_[server];
  if (!line) line = std::make_unique<Line>(server);
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

std::shared_ptr<Transfer> Queue::pop(const MayStart &may_start) {
  for (std::size_t tried = 0; tried < ring_.size(); ++tried) {
    if (next_ >= ring_.size()) next_ = 0;
    Line &line = *ring_[next_];
    if (!may_start(*line.server)) {
      ++next_;
      continue;
    }
    std::shared_ptr<Transfer> transfer = std::move(line.waiting.front());
    line.waiting.pop_front();
    --size_;
    if (line.waiting.empty()) {
      close_line(next_);
    } else {
      ++next_;
    }
    return transfer;
  }
  return nullptr;
}

void Queue::purge(const IsGone &is_gone) {
  for (std::size_t place = ring_.size(); place-- > 0;) {
    auto &waiting = ring_[place]->waiting;
    const auto gone = std::remove_if(
        waiting.begin(), waiting.end(),
        [&](const std::shared_ptr<Transfer> &transfer) { return is_gone(*transfer); });
    size_ -= static_cast<std::size_t>(waiting.end() - gone);
    waiting.erase(gone, waiting.end());
    if (waiting.empty()) close_line(place);
  }
}

void Queue::close_line(std::size_t place) {
  const Line &line = *ring_[place];
  ring_.erase(ring_.begin() + static_cast<std::ptrdiff_t>(place));
  // A line without anybody is kept for the next request to its server, unless there are too many.
  // The server may be gone by then: only its address is looked at, which may be another's.
  if (lines_.size() > max_empty_lines) lines_.erase(line.server);
}

}  // namespace luvcurl
