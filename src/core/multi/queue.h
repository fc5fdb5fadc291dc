#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

namespace luvcurl {

struct Server;
class Transfer;

/// Transfers that wait for their turn: first come, first served per server, and the servers by
/// turns, so that none starves the others.
class Queue {
 public:
  using MayStart = std::function<bool(Server &)>;
  using IsGone = std::function<bool(const Transfer &)>;

  void push(Server *server, std::shared_ptr<Transfer> transfer);

  /// The next one whose server `may_start` says yes to; nullptr when none may.
  std::shared_ptr<Transfer> pop(const MayStart &may_start);

  /// Drops those that wait no longer.
  void purge(const IsGone &is_gone);

  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t max_empty_lines = 256;

  struct Line {
    explicit Line(Server *whose) : server(whose) {}
    Server *server;
    std::deque<std::shared_ptr<Transfer>> waiting;
  };

  void close_line(std::size_t place);

  std::unordered_map<Server *, std::unique_ptr<Line>> lines_;
  std::vector<Line *> ring_;  // lines with somebody waiting
  std::size_t next_ = 0;
  std::size_t size_ = 0;
};

}  // namespace luvcurl
