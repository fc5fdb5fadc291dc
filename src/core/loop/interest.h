#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <vector>

#include "core/curl/socket.h"
#include "core/loop/handle.h"
#include "core/loop/socket_owner.h"

namespace luvcurl {

/// Which sockets libcurl wants watched, and which the loop watches.
///
/// libcurl states a wish per socket far more often than anything changes (a kept-alive connection
/// goes REMOVE → OUT → IN for each request), so a wish is only noted and the difference is applied
/// once per loop turn. A connection stays registered across REMOVE, since CLOSESOCKETFUNCTION tells
/// us before its close(2). Any other socket may be closed unseen and is unwatched at once: resolver
/// pipes, libcurl's wake-up eventfd, and one that is still connecting or in its TLS handshake
/// (libcurl 7.88 closes those without the callback). A socket counts as a connection once a
/// response came over it.
///
/// A poll handle belongs to the *number* of a descriptor and is kept for the next socket of that
/// number: no handle is made or closed per connection. (Closing one late could be wrong besides:
/// uv_close on a stopped poll still removes its number from epoll, whoever owns it by then.) They
/// are given up when somebody asks for it, see unneeded().
class Interest {
 public:
  /// `on_event` is what libuv calls with an event of a socket: has it translated by event().
  Interest(const UvApi &uv, HandleFactory &factory, uv_poll_cb on_event)
      : uv_(uv), factory_(factory), on_event_(on_event) {}
  ~Interest();
  Interest(const Interest &) = delete;
  Interest &operator=(const Interest &) = delete;

  /// Notes libcurl's wish (CURL_POLL_*) for a socket of `owner`, on behalf of `user`; one for what
  /// is no descriptor is none. Called inside libcurl; never fails.
  void wish(SocketOwner *owner, curl_socket_t fd, int what, const CURL *user = nullptr);

  /// Says that libcurl has just opened `fd` through us: what was known of the number is over.
  void opened(curl_socket_t fd);

  /// Finds out which of those that libcurl has opened it has closed unseen: Descriptors::sockets is
  /// right then.
  void recount() noexcept;

  /// Says that libcurl is about to work on the events of `fd`; CURL_SOCKET_BAD for on none.
  void working_on(curl_socket_t fd) noexcept { current_ = fd; }

  /// Says that a response comes over the socket that libcurl works on: from now on we see its
  /// close.
  void responded() noexcept;

  /// Whether the last connection that libcurl opened under this number has reached its other end.
  bool has_reached(curl_socket_t fd) const noexcept;

  /// Unwatches `fd`, which is closed right after.
  void closing(curl_socket_t fd) noexcept;

  /// Says that `user` is over: sockets that it has used are nobody's.
  void left_by(const CURL *user) noexcept;

  /// Has nothing more be read from the owner's connections: what is waited for has come to its end
  /// at once. From all of them, or those of `user` and of nobody.
  void hang_up(const SocketOwner *owner) noexcept;
  void hang_up(const SocketOwner *owner, const CURL *user) noexcept;

  /// Forgets every wish of an owner that goes away.
  void forget(const SocketOwner *owner) noexcept;

  /// Brings the loop's registrations up to the wishes. `fail(owner)` is called for each one
  /// of whose sockets one cannot be watched.
  template <class Fail>
  void apply(Fail &&fail) {
    while (!dirty_.empty()) {
      const curl_socket_t fd = dirty_.back();
      dirty_.pop_back();
      if (SocketOwner *owner = apply_one(fd)) fail(owner);
    }
  }

  struct Event {
    SocketOwner *owner = nullptr;  ///< whose socket it is; nullptr when nobody wants the event
    int bits = 0;                  ///< CURL_CSELECT_*
  };

  /// Translates an event of libuv. Unwatches the socket when nobody wants its events any more.
  Event event(curl_socket_t fd, int status, int events) noexcept;

  /// After an event was handled: re-registers what libuv unregistered on its own (POLLERR).
  void settled(curl_socket_t fd);

  /// Whether this handle is one of ours: there may be others on the loop who watch sockets.
  bool owns(curl_socket_t fd, const uv_handle_t *poll) const noexcept {
    const std::size_t index = index_of(fd);
    return index < watches_.size() && watches_[index].handle.get(uv_) == poll;
  }

  /// The number of descriptors watched right now.
  std::size_t watched() const noexcept;

  /// The handles that nobody needs, and that can be closed without harm: uv_close takes the number
  /// out of the loop's epoll, whoever has it by then, so it must not be watched there.
  std::vector<uv_handle_t **> unneeded(int epoll) const;

  /// Forgets such a handle, if still nobody needs it.
  bool let_go(uv_handle_t **cell) noexcept;

  /// Unwatches everything. Closes nothing.
  void stop() noexcept;

  /// Forgets the handles too, for the end of the state.
  void drop_handles() noexcept;

 private:
  struct Watch {
    Handle handle;
    SocketOwner *owner = nullptr;
    const SocketOwner *home = nullptr;  // whose connection it is, wanted or not
    const CURL *user = nullptr;         // who has wished for it last, until that is over
    std::uint8_t want = 0;              // CURL_POLL_IN | CURL_POLL_OUT, as libcurl last said
    std::uint8_t armed = 0;             // the same bits, as the loop watches
    bool ours = false;                  // opened by our OPENSOCKETFUNCTION
    bool reached = false;    // ours, and libcurl waits for something to read from it, or did
    bool connected = false;  // ours, and a response came over it
    bool dirty = false;      // waits in dirty_

    bool is_idle() const { return want == 0 && armed == 0 && !dirty; }
  };

  Watch *find(curl_socket_t fd) noexcept;
  Watch *at(curl_socket_t fd);
  bool is_met(const Watch &watch) const noexcept;
  void disarm(Watch &watch) noexcept;
  static void own(Watch &watch, bool ours) noexcept;
  void mark(curl_socket_t fd, Watch &watch) noexcept;
  void make_handle(curl_socket_t fd);
  SocketOwner *apply_one(curl_socket_t fd);

  const UvApi &uv_;
  HandleFactory &factory_;
  const uv_poll_cb on_event_;
  std::vector<Watch> watches_;  // by descriptor
  std::vector<curl_socket_t> dirty_;
  curl_socket_t current_ = CURL_SOCKET_BAD;
};

}  // namespace luvcurl
