#pragma once

#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

namespace luvcurl {

struct Origin;
class Transfer;

/// Transfers that wait for their turn: first come, first served per server, and the servers by
/// turns, so that none starves the others.
class Queue {
 public:
  void push(Origin *origin, std::shared_ptr<Transfer> transfer);

  /// The next one whose server has fewer than `per_origin` active (0: no limit; nor for https,
  /// where one connection may carry them all and libcurl keeps the limit); nullptr when none may
  /// start.
  std::shared_ptr<Transfer> pop(std::size_t per_origin);

  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t max_empty_lines = 256;

  struct Line {
    explicit Line(Origin *server) : origin(server) {}
    Origin *origin;
    std::deque<std::shared_ptr<Transfer>> waiting;
  };

  std::unordered_map<Origin *, std::unique_ptr<Line>> lines_;
  std::vector<Line *> ring_;  // lines with somebody waiting
  std::size_t next_ = 0;
  std::size_t size_ = 0;
};

}  // namespace luvcurl
