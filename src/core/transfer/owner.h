#pragma once

#include <memory>
#include <string>

#include "core/transfer/request.h"

namespace luvcurl {

class Transfer;

/// Whose a transfer is: has it wait for its turn, lends it a handle then, and lists it until it is
/// done.
class TransferOwner {
 public:
  /// Its turn will come. Throws std::bad_alloc.
  virtual void enqueue(const std::shared_ptr<Transfer> &transfer) = 0;

  /// A transfer has ended while it waited.
  virtual void left_queue() = 0;

  /// A handle that carries the request's options; nullptr and `*error` when libcurl refuses one.
  virtual std::unique_ptr<Easy> lend(const Request &request, std::string *error) = 0;
  virtual void take_back(std::unique_ptr<Easy> easy) noexcept = 0;

  /// The system has refused what this transfer needs, since it has no more of it. Returns whether a
  /// further try may find some: what was idle has been given up, or others will end.
  virtual bool was_refused(const Transfer &transfer) = 0;

  /// The size of receive buffer that suits the load.
  virtual long buffer_size() const = 0;

  /// Whether its transfers tell their sinks in turns of the loop, wherever others do.
  virtual bool is_fast() const = 0;

  /// It is done: its sink is told next.
  virtual void forget(Transfer &transfer) = 0;

 protected:
  ~TransferOwner() = default;  // nobody owns it as one
};

/// What a running transfer is in: a CURLM.
class Carrier {
 public:
  /// Takes it back from libcurl.
  virtual void remove(Transfer &transfer) noexcept = 0;

  /// A server speaks a version of HTTP that was not agreed on, and libcurl may take its other
  /// connections for what they are not.
  virtual void distrust() noexcept = 0;

  /// libcurl waits for an answer to a goodbye on a connection of this transfer or of none: those
  /// will have none to wait for.
  virtual void hang_up(const Transfer &transfer) noexcept = 0;

  /// Has libcurl look at its timers at the next turn of the loop.
  virtual void kick() = 0;

 protected:
  ~Carrier() = default;  // nobody owns it as one
};

}  // namespace luvcurl
