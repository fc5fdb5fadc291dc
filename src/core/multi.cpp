#include "core/multi.h"

#include <algorithm>
#include <new>

#include "core/lane.h"
#include "core/transfer.h"

namespace luvcurl {

namespace {

SharePtr make_share() {
  SharePtr share(curl_share_init());
  if (!share) throw std::bad_alloc();
  // Not the connections: one could move between CURLMs, and its socket with it.
  curl_share_setopt(share.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
  curl_share_setopt(share.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  return share;
}

}  // namespace

Multi::Multi(std::shared_ptr<Loop> loop, const Settings &settings)
    : loop_(std::move(loop)),
      settings_(settings),
      share_(make_share()),
      pool_(loop_->interest(), share_.get()) {
  loop_->join(this);
}

Multi::~Multi() { loop_->leave(this); }

std::shared_ptr<Transfer> Multi::add(Request request, std::string *error) {
  if (closed_) {
    *error = "the Multi is closed";
    return nullptr;
  }
  if (!loop_->ensure()) {
    *error = "luv cannot make handles on this loop";
    return nullptr;
  }
  if (!pool_.check(request.options, request.body, error)) return nullptr;
  auto transfer = std::make_shared<Transfer>(shared_from_this(), std::move(request));
  transfer->index_ = transfers_.size();
  transfers_.push_back(transfer);
  try {
    if (!transfer->request_.held) enqueue(transfer);
  } catch (const std::bad_alloc &) {
    transfers_.pop_back();
    throw;
  }
  transfer->keep_loop_alive(true);
  const std::uint64_t deadline = transfer->next_deadline();
  if (deadline < own_deadline_) {
    own_deadline_ = deadline;
    loop_->note_deadline(deadline);
  }
  return transfer;
}

void Multi::enqueue(const std::shared_ptr<Transfer> &transfer) {
  queue_.push(transfer->request_.url->origin, transfer);
  loop_->wake();
}

void Multi::close() {
  closed_ = true;
  fail_all(nullptr, CURLE_ABORTED_BY_CALLBACK, "the Multi was closed");
}

void Multi::abandon() noexcept {
  const auto self = weak_from_this().lock();  // the transfers may be the last who hold us
  closed_ = true;
  const Queue queued = std::move(queue_);
  const auto transfers = std::move(transfers_);
  transfers_.clear();
  for (const auto &transfer : transfers) {
    if (transfer->lane_ != nullptr) transfer->lane_->remove(*transfer);
    transfer->state_ = Transfer::State::done;
    transfer->easy_.reset();
  }
}

void Multi::fail_all(Lane *lane, CURLcode code, const std::string &message) {
  for (const auto &transfer : transfers_) {
    if (lane == nullptr || transfer->lane_ == lane) transfer->fail(code, message);
  }
  if (lane == nullptr) return;
  for (const auto &transfer : transfers_) {
    if (transfer->lane_ == lane) lane->remove(*transfer);
  }
}

Stats Multi::stats() const {
  Stats stats = stats_;
  stats.in_flight = in_flight_;
  // Not the queue's size: who is cancelled there stays in it until its turn comes.
  stats.queued = static_cast<std::size_t>(std::count_if(
      transfers_.begin(), transfers_.end(),
      [](const auto &transfer) { return transfer->state() == Transfer::State::queued; }));
  stats.lanes = lanes_.size();
  return stats;
}

long Multi::buffer_size() const {
  if (in_flight_ < 32) return 128 * 1024;
  if (in_flight_ < 512) return 64 * 1024;
  return 16 * 1024;
}

// --- the loop's turn ---

void Multi::start_queued() {
  const auto limit = static_cast<std::size_t>(settings_.max_concurrent);
  while (queue_.size() > 0 && (limit == 0 || in_flight_ < limit)) {
    const std::shared_ptr<Transfer> transfer =
        queue_.pop(static_cast<std::size_t>(settings_.max_host_connections));
    if (!transfer) return;
    if (transfer->state() != Transfer::State::queued) continue;  // cancelled while it waited
    try {
      std::string error;
      if (transfer->start(&error)) {
        lane_for(*transfer->request_.url->origin).add(*transfer);
      } else {
        transfer->fail(CURLE_FAILED_INIT, error);
      }
    } catch (const std::bad_alloc &) {
      transfer->fail(CURLE_OUT_OF_MEMORY, {});
    }
  }
}

void Multi::drive_kicked(std::uint64_t now) {
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (lanes_[i]->take_kick(now)) lanes_[i]->drive(CURL_SOCKET_TIMEOUT, 0);
  }
}

void Multi::check_deadlines(std::uint64_t now) {
  if (own_deadline_ > now) return;
  std::uint64_t next = UINT64_MAX;
  for (const auto &transfer : transfers_) {
    transfer->check_deadline(now);
    next = std::min(next, next_look(*transfer, now));
  }
  own_deadline_ = next;  // last: after a failure all are looked at again
}

// `idle` counts from events that nobody tells us of (a response, the end of a pause): while a
// transfer runs, it is looked at that often, so that its true deadline is known before it comes.
std::uint64_t Multi::next_look(const Transfer &transfer, std::uint64_t now) {
  std::uint64_t next = transfer.next_deadline();
  if (transfer.state() == Transfer::State::running && transfer.request_.timeouts.idle != 0)
    next = std::min(next, now + transfer.request_.timeouts.idle);
  if (transfer.may_be_forgotten()) next = std::min(next, now + reminder_interval);
  return next;
}

std::uint64_t Multi::next_deadline() const {
  std::uint64_t next = own_deadline_;
  for (const auto &lane : lanes_) next = std::min(next, lane->deadline());
  return next;
}

// --- lanes ---

Lane &Multi::open_lane() {
  lanes_.push_back(std::make_unique<Lane>(*loop_, *this));
  return *lanes_.back();
}

// A lane with room, so that connections stay in use; for a server that speaks HTTP/2, or may, the
// lane that has its connection, as long as that can carry one more stream.
Lane &Multi::lane_for(Origin &origin) {
  const bool limited = settings_.max_connections != 0 || settings_.max_host_connections != 0;
  if (limited)
    return lanes_.empty() ? open_lane() : *lanes_.front();  // libcurl's limits are per CURLM
  const bool multiplexed = origin.may_multiplex();
  if (multiplexed && origin.lane != nullptr && origin.lane->active() < max_streams)
    return *origin.lane;
  while (roomy_ < lanes_.size() && lanes_[roomy_]->active() >= lane_capacity) ++roomy_;
  Lane &lane = roomy_ < lanes_.size() ? *lanes_[roomy_] : open_lane();
  if (multiplexed) origin.lane = &lane;
  return lane;
}

void Multi::started(Transfer &transfer) {
  ++in_flight_;
  ++transfer.request_.url->origin->active;
  own_deadline_ = std::min(own_deadline_, next_look(transfer, transfer.started_at_));
}

void Multi::stopped(Transfer &transfer) {
  Origin &origin = *transfer.request_.url->origin;
  --in_flight_;
  --origin.active;
  roomy_ = 0;
  if (transfer.state() == Transfer::State::queued) return;  // for its second try
  const Summary &summary = transfer.summary();
  if (summary.http_version != 0) origin.http_version = summary.http_version;
  transfer.outcome().code == CURLE_OK ? ++stats_.finished : ++stats_.failed;
  stats_.opened += static_cast<std::uint64_t>(summary.connections);
  if (summary.connections == 0 && summary.status != 0) ++stats_.reused;
  stats_.sent += static_cast<std::uint64_t>(summary.sent);
  stats_.received += static_cast<std::uint64_t>(summary.received);
  if (queue_.size() > 0) loop_->wake();
}

void Multi::forget(Transfer &transfer) {
  const std::size_t index = transfer.index_;
  if (index >= transfers_.size() || transfers_[index].get() != &transfer) return;
  std::swap(transfers_[index], transfers_.back());
  transfers_[index]->index_ = index;
  transfers_.pop_back();
}

}  // namespace luvcurl
