#pragma once

#include <cstddef>

namespace luvcurl {

class Transfer;

/// The door between the rooms: how a transfer speaks to whoever asked for it. libcurl never stands
/// beneath these calls, so anything may be done in them. None may throw or raise.
class Sink {
 public:
  virtual ~Sink() = default;

  /// The final response's headers are in.
  virtual void response(Transfer &transfer) noexcept = 0;
  /// Bytes of the body wait in the inbox.
  virtual void data(Transfer &transfer) noexcept = 0;
  /// A stream of the request's body is to be sent anew from its first byte.
  virtual void rewind(Transfer &transfer, std::size_t stream) noexcept = 0;
  /// A stream of the request's body runs low in its outbox. Not called again before it was fed.
  virtual void read(Transfer &transfer, std::size_t stream) noexcept = 0;
  /// The counts of progress() have moved.
  virtual void progress(Transfer &transfer) noexcept = 0;
  /// The transfer has ended: outcome() says how. Called exactly once, last.
  virtual void done(Transfer &transfer) noexcept = 0;
};

}  // namespace luvcurl
