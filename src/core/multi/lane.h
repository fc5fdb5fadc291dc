#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <cstdint>

#include "core/curl/curl_ptr.h"
#include "core/curl/url.h"
#include "core/loop/socket_owner.h"
#include "core/transfer/owner.h"

namespace luvcurl {

class Loop;
class Multi;

/// One CURLM with its connections. A Multi opens a further one when all have enough in flight:
/// libcurl searches a CURLM's connections linearly, so the cost of a request grows with what is in
/// it.
class Lane final : public SocketOwner, public Carrier {
 public:
  static constexpr std::uint64_t no_deadline = UINT64_MAX;

  /// For requests of one kinship. `max_connections` is this lane's part of the Multi's; 0 for no
  /// limit.
  Lane(Loop &loop, Multi &owner, Kin kin, long max_connections);
  ~Lane();
  Lane(const Lane &) = delete;
  Lane &operator=(const Lane &) = delete;

  Kin kin() const { return kin_; }

  /// A lane with nothing in flight becomes one for others: its connections are closed.
  void pass_to(Kin kin) noexcept;

  /// Closes its connections if nothing is in flight in it, else has libcurl close an idle one for
  /// each that it opens or leaves. Returns whether that may have closed any, or will.
  bool spare() noexcept;

  /// One with nothing in flight closes its connections; the next transfer opens it again.
  void rest() noexcept;

  /// Gives a transfer, set up, to libcurl. On failure the transfer has ended with the reason.
  void add(Transfer &transfer);

  // For its transfers.
  void remove(Transfer &transfer) noexcept override;
  void kick() override;
  void hang_up(const Transfer &transfer) noexcept override;
  void distrust() noexcept override { distrusted_ = true; }

  /// Lets libcurl work on a socket (`bits` of CURL_CSELECT_*) or on its timers
  /// (CURL_SOCKET_TIMEOUT), and takes the results. The one caller of curl_multi_socket_action.
  void drive(curl_socket_t fd, int bits) override;

  void unwatchable() override { fail("a socket cannot be watched by the loop"); }

  std::size_t active() const { return active_; }
  long max_connections() const { return max_connections_; }

  /// When libcurl wants to look at its timers (loop time, ms).
  std::uint64_t deadline() const { return deadline_; }

  /// Clears the kick and tells whether there was one, or the deadline has come.
  bool take_kick(std::uint64_t now);

 private:
  static int on_socket(CURL *easy, curl_socket_t fd, int what, void *lane, void *) noexcept;
  static int on_timer(CURLM *, long milliseconds, void *lane) noexcept;

  void open();
  void limit_connections();
  void close() noexcept;
  void reap();
  // Ends every transfer of this lane: the CURLM is broken, or one of its sockets.
  void fail(const char *why);
  void be_careful();
  void share_no_connection();

  Loop &loop_;
  Multi &owner_;
  Kin kin_;
  const long max_connections_;
  std::uint64_t deadline_ = no_deadline;
  std::size_t active_ = 0;
  bool kicked_ = false;
  bool distrusted_ = false;
  bool sparing_ = false;  // keeps no more connections than it has transfers
  MultiPtr multi_;        // last: libcurl calls on_socket and on_timer while it is freed
};

}  // namespace luvcurl
