#include "core/multi/multi.h"

#include <algorithm>
#include <new>

#include "core/curl/kinship.h"
#include "core/loop/descriptors.h"
#include "core/multi/lane.h"
#include "core/transfer/transfer.h"

namespace luvcurl {

Multi::Multi(std::shared_ptr<Loop> loop, const Settings &settings)
    : loop_(std::move(loop)),
      settings_(settings),
      pool_(loop_->interest()),
      share_(settings.takes_share ? Descriptors::share() : SIZE_MAX),
      crowded_at_(share_) {
  loop_->join(this);
}

Multi::~Multi() { loop_->leave(this); }

std::shared_ptr<Transfer> Multi::add(Request request, std::string *error) {
  // First: making handles may run a finalizer of the script's, which may close the Multi.
  if (!closed_ && !loop_->ensure()) {
    *error = "luv cannot make handles on this loop";
    return nullptr;
  }
  if (closed_) {
    *error = "the Multi is closed";
    return nullptr;
  }
  if (!pool_.check(request.options, request.body, error)) return nullptr;
  auto transfer = std::make_shared<Transfer>(shared_from_this(), *loop_, std::move(request));
  transfer->keep_place(transfers_.size());
  transfers_.push_back(transfer);
  try {
    if (!transfer->request().held) enqueue(transfer);
  } catch (const std::bad_alloc &) {
    transfers_.pop_back();
    throw;
  }
  transfer->keep_loop_alive(true);
  const std::uint64_t deadline = transfer->next_look(0);
  if (deadline < own_deadline_) {
    own_deadline_ = deadline;
    loop_->note_deadline(deadline);
  }
  return transfer;
}

void Multi::enqueue(const std::shared_ptr<Transfer> &transfer) {
  queue_.push(&Server::of(*transfer->request().url->origin), transfer);
  loop_->wake();
}

std::shared_ptr<const Url> Multi::parse(std::string_view url, std::string *error,
                                        const std::string &kinship) {
  const char *apart = apart_by_scheme(url);
  return urls_.get(url, error, *apart == '\0' ? kinship : kinship + apart);
}

void Multi::close() {
  closed_ = true;
  fail_all(nullptr, CURLE_ABORTED_BY_CALLBACK, "the Multi was closed");
}

void Multi::handles_lost() noexcept {
  fail_all(nullptr, CURLE_ABORTED_BY_CALLBACK, "the host closed luvcurl's handles on its loop");
}

void Multi::abandon() noexcept {
  const auto self = weak_from_this().lock();  // the transfers may be the last who hold us
  closed_ = true;
  queue_ = Queue();
  gone_ = 0;
  const auto transfers = std::move(transfers_);
  transfers_.clear();
  for (const auto &transfer : transfers) transfer->abandon();
}

void Multi::fail_all(Lane *lane, CURLcode code, std::string_view message) noexcept {
  for (const auto &transfer : transfers_) {
    if (lane == nullptr || transfer->carrier() == lane) transfer->fail(code, message);
  }
  if (lane == nullptr) return;
  for (const auto &transfer : transfers_) {
    if (transfer->carrier() == lane) lane->remove(*transfer);
  }
}

Stats Multi::stats() const {
  Stats stats = stats_;
  stats.in_flight = in_flight_;
  stats.queued = queue_.size() - gone_;
  stats.lanes = lanes_.size();
  return stats;
}

std::unique_ptr<Easy> Multi::lend(const Request &request, std::string *error) {
  return pool_.acquire(request.options, request.body, error);
}

void Multi::take_back(std::unique_ptr<Easy> easy) noexcept { pool_.release(std::move(easy)); }

// Large while few transfers share the memory.
long Multi::buffer_size() const {
  if (in_flight_ < 32) return 128 * 1024;
  if (in_flight_ < 512) return 32 * 1024;
  return 16 * 1024;
}

// --- the loop's turn ---

bool Multi::work(const Turn &turn) {
  const auto self = shared_from_this();  // it goes away when its last transfer leaves the queue
  check_deadlines(turn.now, turn.looked_at);
  if (Descriptors::sockets > crowded_at_) thin_out();
  if (turn.now >= retry_at_) retry();
  for (;;) {
    const std::size_t started = start_queued();
    if (!drive_kicked(turn.now, turn.until)) return false;
    if (started < batch) return true;
    if (loop_->uv().hrtime() >= turn.until) return queue_.size() == 0;
  }
}

// At most a batch. Returns how many left the queue.
std::size_t Multi::start_queued() {
  const auto limit = static_cast<std::size_t>(settings_.max_concurrent);
  std::size_t started = 0;
  while (started < batch && queue_.size() > 0 && (limit == 0 || in_flight_ < limit)) {
    Lane *lane = nullptr;
    const std::shared_ptr<Transfer> transfer =
        queue_.pop([&](Server &server) { return (lane = room_for(server)) != nullptr; });
    if (!transfer) {
      if (!has_descriptor()) retry_later();
      break;
    }
    ++started;
    if (transfer->state() != Transfer::State::queued) {
      --gone_;
      continue;
    }
    try {
      std::string error;
      if (transfer->start(&error)) {
        lane->add(*transfer);
      } else {
        transfer->fail(CURLE_FAILED_INIT, error);
      }
    } catch (const std::bad_alloc &) {
      transfer->fail(CURLE_OUT_OF_MEMORY, {});
    }
  }
  return started;
}

// Each time another lane comes first: the last ones must not starve.
bool Multi::drive_kicked(std::uint64_t now, std::uint64_t until) {
  const std::size_t count = lanes_.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = (first_driven_ + i) % count;
    if (!lanes_[at]->take_kick(now)) continue;
    lanes_[at]->drive(CURL_SOCKET_TIMEOUT, 0);
    if (loop_->uv().hrtime() < until) continue;
    first_driven_ = at + 1;
    return false;
  }
  return true;
}

void Multi::check_deadlines(std::uint64_t now, std::uint64_t looked_at) {
  if (own_deadline_ > now) return;
  std::uint64_t next = UINT64_MAX;
  for (const auto &transfer : transfers_) {
    const bool waits = transfer->state() == Transfer::State::queued;
    transfer->check_deadline(waits ? now : looked_at);
    next = std::min(next, transfer->next_look(now));
  }
  own_deadline_ = next;  // last: after a failure all are looked at again
}

std::uint64_t Multi::next_deadline() const {
  std::uint64_t next = std::min(own_deadline_, retry_at_);
  for (const auto &lane : lanes_) next = std::min(next, lane->deadline());
  return next;
}

// --- lanes ---

// libcurl's limits are per CURLM. The lanes share `max_connections` out among themselves, each
// keeping to its part. `max_host_connections` cannot be shared out (a redirect may lead any of them
// to a server) and has all in one lane: what is searched linearly, a server's connections, it keeps
// short itself.
std::size_t Multi::max_lanes() const {
  if (settings_.max_host_connections != 0) return 1;
  const auto total = static_cast<std::size_t>(settings_.max_connections);
  return total == 0 ? SIZE_MAX : (total + lane_connections - 1) / lane_connections;
}

long Multi::connections_of_lane(std::size_t index) const {
  if (settings_.max_connections == 0) return 0;
  const auto total = static_cast<std::size_t>(settings_.max_connections);
  const std::size_t lanes = max_lanes();
  return static_cast<long>(total / lanes + (index < total % lanes ? 1 : 0));
}

bool Multi::has_room(const Lane &lane) const {
  const auto connections = static_cast<std::size_t>(lane.max_connections());
  if (connections != 0) return lane.active() < connections;
  return max_lanes() == 1 || lane.active() < lane_capacity;
}

// The first, so that connections stay in use; nullptr when a limit says so. A lane is for one
// kinship, since redirects may lead its requests to each other's servers. For want of a further
// one, a lane that another kin does not use is taken over; where all are used, the limits are those
// of each kin: a request does not wait for others to end whose connections it must not use.
Lane *Multi::lane_with_room(Kin kin) {
  while (roomy_ < lanes_.size() && !has_room(*lanes_[roomy_])) ++roomy_;
  Lane *unused = nullptr;
  for (std::size_t i = roomy_; i < lanes_.size(); ++i) {
    Lane &lane = *lanes_[i];
    if (lane.kin() == kin && has_room(lane)) return &lane;
    if (lane.kin() != kin && lane.active() == 0) unused = &lane;
  }
  if (unused != nullptr && lanes_.size() >= std::min(max_lanes(), many_lanes)) {
    unused->pass_to(kin);
    return unused;
  }
  const bool is_first = std::none_of(lanes_.begin(), lanes_.end(),
                                     [kin](const auto &lane) { return lane->kin() == kin; });
  if (lanes_.size() >= max_lanes() && !is_first) return nullptr;
  const long connections = connections_of_lane(lanes_.size() % max_lanes());
  lanes_.push_back(std::make_unique<Lane>(*loop_, *this, kin, connections));
  return lanes_.back().get();
}

// One of those that have no room: now this, now that.
Lane *Multi::crowded_lane(const Server &server) {
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    Lane &lane = *lanes_[(server.active + i) % lanes_.size()];
    if (lane.kin() == server.kin) return &lane;
  }
  return nullptr;
}

// Where a request to this server can go; nullptr when it has to wait. Each server has its lane,
// where its idle connections are found again; what is too much for that goes to any. What shares a
// connection goes where that is, as long as one may carry another stream. Before a server has shown
// whether one can, its requests are together but keep to the limits, as if each took a connection:
// otherwise those of a server that cannot would wait inside libcurl, and others behind them.
Lane *Multi::room_for(Server &server) {
  const auto per_host = static_cast<std::size_t>(settings_.max_host_connections);
  const bool together = server.may_multiplex();
  const bool multiplexed = together && server.http_version != 0;
  if (server.lane != nullptr && server.lane->kin() != server.kin) server.lane = nullptr;
  if (!multiplexed && !has_descriptor()) return nullptr;
  if (!multiplexed && per_host != 0 && server.active >= per_host) return nullptr;
  if (together && server.lane != nullptr && server.active < max_streams) {
    const bool fits = multiplexed || settings_.max_connections == 0 || has_room(*server.lane);
    return fits ? server.lane : nullptr;
  }
  if (!together && server.lane != nullptr && has_room(*server.lane)) return server.lane;
  Lane *lane = lane_with_room(server.kin);
  if (lane == nullptr && multiplexed) lane = crowded_lane(server);
  if (together || server.lane == nullptr) server.lane = lane;
  return lane;
}

void Multi::started(Transfer &transfer) {
  Server &server = Server::of(*transfer.request().url->origin);
  ++in_flight_;
  ++server.active;
  transfer.takes_descriptor(!server.may_multiplex() || server.http_version == 0);
  if (transfer.takes_descriptor()) ++Descriptors::in_flight;
  own_deadline_ = std::min(own_deadline_, transfer.next_look(transfer.started_at()));
}

void Multi::stopped(Transfer &transfer) {
  Server &server = Server::of(*transfer.request().url->origin);
  --in_flight_;
  --server.active;
  if (transfer.takes_descriptor()) --Descriptors::in_flight;
  roomy_ = 0;
  if (transfer.state() == Transfer::State::queued) return;  // for its second try
  const Summary &summary = transfer.summary();
  if (summary.http_version != 0) server.http_version = summary.http_version;
  if (ceiling_ != SIZE_MAX) ceiling_ = queue_.size() == 0 ? SIZE_MAX : ceiling_ + 1;
  transfer.outcome().code == CURLE_OK ? ++stats_.finished : ++stats_.failed;
  stats_.opened += static_cast<std::uint64_t>(summary.connections);
  if (summary.connections == 0 && summary.status != 0) ++stats_.reused;
  stats_.sent += static_cast<std::uint64_t>(summary.sent());
  stats_.received += static_cast<std::uint64_t>(summary.received());
  if (queue_.size() > 0) loop_->wake();
}

// Of what was cancelled, the queue holds as much at most as of what waits.
void Multi::left_queue() {
  constexpr std::size_t some = 64;
  if (++gone_ < some || gone_ * 2 < queue_.size()) return;
  queue_.purge(
      [](const Transfer &transfer) { return transfer.state() != Transfer::State::queued; });
  gone_ = 0;
}

void Multi::forget(Transfer &transfer) {
  const std::size_t index = transfer.place();
  if (index >= transfers_.size() || transfers_[index].get() != &transfer) return;
  std::swap(transfers_[index], transfers_.back());
  transfers_[index]->keep_place(index);
  transfers_.pop_back();
}

}  // namespace luvcurl
