#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/curl/curl_ptr.h"
#include "core/curl/url.h"
#include "core/loop/loop.h"
#include "core/multi/pool.h"
#include "core/multi/queue.h"
#include "core/multi/server.h"
#include "core/transfer/owner.h"

namespace luvcurl {

class Lane;

/// How many connections and transfers a Multi may have at once (0 for no limit), and more.
struct Settings {
  long max_connections = 0;
  long max_host_connections = 0;
  long max_concurrent = 0;
  bool takes_share =
      true;              ///< keeps to what the process may open: none of the limits is the user's
  long max_idle = 256;   ///< connections kept per lane for later requests
  long turn_budget = 5;  ///< ms of work per iteration of the loop, above 0
  bool fast = false;     ///< tells in turns of the loop even where others are told elsewhere
};

struct Stats {
  std::size_t in_flight = 0, queued = 0;
  std::uint64_t finished = 0, failed = 0;
  std::uint64_t opened = 0, reused = 0;  ///< connections
  std::uint64_t sent = 0, received = 0;  ///< bytes
  std::size_t lanes = 0;
};

/// Transfers that share connections, DNS answers and TLS sessions.
class Multi final : public Participant,
                    public TransferOwner,
                    public std::enable_shared_from_this<Multi> {
 public:
  /// HTTP/2 streams a connection may carry before a further one is opened.
  static constexpr std::size_t max_streams = 256;

  Multi(std::shared_ptr<Loop> loop, const Settings &settings);
  ~Multi();
  Multi(const Multi &) = delete;
  Multi &operator=(const Multi &) = delete;

  /// Begins a transfer: its sink is told of everything from the next turn of the loop on. Returns
  /// nullptr and `*error` when libcurl refuses an option or the Multi is closed. Throws
  /// std::bad_alloc.
  std::shared_ptr<Transfer> add(Request request, std::string *error);

  /// Parses a URL or finds it among the recent ones, for requests of a kinship (kinship.h).
  std::shared_ptr<const Url> parse(std::string_view url, std::string *error,
                                   const std::string &kinship = {});

  /// Cancels every transfer and refuses new ones.
  void close();
  bool closed() const { return closed_; }

  std::size_t count() const { return transfers_.size(); }
  Stats stats() const;

  Loop &loop() { return *loop_; }
  const Settings &settings() const { return settings_; }

  // For Loop, in its turn.
  /// Ends what has run out of time, begins what waits and may, and drives the lanes that want it.
  bool work(const Turn &turn) override;
  std::uint64_t next_deadline() const override;
  bool spare() override;
  std::uint64_t turn_budget() const override {
    return static_cast<std::uint64_t>(settings_.turn_budget);
  }
  void handles_lost() noexcept override;
  void shut_down() noexcept override;
  bool has_told() const override;
  bool rest() noexcept override;
  void abandon() noexcept override;

  // For its transfers.
  void enqueue(const std::shared_ptr<Transfer> &transfer) override;
  void left_queue() override;
  std::unique_ptr<Easy> lend(const Request &request, std::string *error) override;
  void take_back(std::unique_ptr<Easy> easy) noexcept override;
  bool was_refused(const Transfer &transfer) override;
  long buffer_size() const override;
  bool is_fast() const override { return settings_.fast; }
  void forget(Transfer &transfer) override;

  // For its lanes.
  void started(Transfer &transfer);
  void stopped(Transfer &transfer);
  /// Whether connections that are kept only for later should be given up.
  bool is_short_of_descriptors() const;
  /// Ends the transfers of a lane, or all of them for nullptr.
  void fail_all(Lane *lane, CURLcode code, std::string_view message) noexcept;

 private:
  // Beyond this many in flight, a lane's linear searches (for an idle connection, above all) cost
  // more than a further lane.
  static constexpr std::size_t lane_capacity = 16;
  // Where connections are limited, a lane's part of them: who has few must give up an idle one more
  // often than who has many.
  static constexpr std::size_t lane_connections = 64;
  // With as many lanes, one that nobody uses is taken over by another kin, its connections closed.
  static constexpr std::size_t many_lanes = 64;
  // As many are begun between two drives. libcurl runs all that a lane was given in one go, which
  // cannot be broken off; and what is sent soon after it was set up is still in the CPU's caches.
  static constexpr std::size_t batch = 16;

  /// Ends what has run out of time by `now`. A running transfer is given another poll: it has only
  /// if the sockets were looked at since, which they were after `looked_at`.
  void check_deadlines(std::uint64_t now, std::uint64_t looked_at);
  std::size_t start_queued();
  bool drive_kicked(std::uint64_t now, std::uint64_t until);
  Lane *room_for(Server &server);
  Lane *lane_with_room(Kin kin);
  Lane *crowded_lane(const Server &server);
  bool has_room(const Lane &lane) const;
  bool has_descriptor() const;
  void thin_out();
  void retry_later();
  void retry();
  std::size_t max_lanes() const;
  long connections_of_lane(std::size_t index) const;

  std::shared_ptr<Loop> loop_;
  Settings settings_;
  UrlCache urls_{&Server::make};
  Pool pool_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::size_t roomy_ = 0;         // lanes before this one are full, whosever they are
  std::size_t first_driven_ = 0;  // the lane whose turn it is
  Queue queue_;
  std::size_t gone_ = 0;  // who ended while they waited, and are in the queue still
  std::vector<std::shared_ptr<Transfer>> transfers_;  // not yet done
  std::size_t in_flight_ = 0;
  const std::size_t share_;  // connections of all Multis of the process, while this one keeps to it
  std::size_t crowded_at_;   // sockets of the process, with which idle connections are given up
  std::size_t ceiling_ = SIZE_MAX;       // transfers in flight, since the system has refused one
  std::uint64_t retry_at_ = UINT64_MAX;  // loop time: others may have let go of descriptors by then
  std::uint64_t own_deadline_ =
      UINT64_MAX;  // the earliest of the transfers' own timeouts, or earlier
  Stats stats_;
  bool closed_ = false;
};

}  // namespace luvcurl
