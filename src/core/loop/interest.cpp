#include "core/loop/interest.h"

#include <algorithm>

#include "core/curl/socket.h"
#include "core/loop/descriptors.h"
#include "core/loop/watched_numbers.h"

namespace luvcurl {

// What is known of this number; nullptr when it is no descriptor's, or nothing is known.
Interest::Watch *Interest::find(curl_socket_t fd) noexcept {
  const std::size_t index = index_of(fd);
  return index < watches_.size() ? &watches_[index] : nullptr;
}

// Room for what is known of it; nullptr when it is no descriptor's: a number from outside is no
// index before the kernel knows it. COMPAT libcurl 7.88: it asks for socket -1 while the connection
// of an upload that waits is gone (h2c upgrades, a plain answer that says HTTP/2); later it ends
// the transfer, or begins it anew.
Interest::Watch *Interest::at(curl_socket_t fd) {
  if (Watch *known = find(fd)) return known;
  if (fd == CURL_SOCKET_BAD || !is_open(fd)) return nullptr;
  const std::size_t size = std::max(index_of(fd) + 1, watches_.size() * 2);
  dirty_.reserve(size);  // so that mark() needs no memory
  watches_.resize(size);
  return find(fd);
}

void Interest::mark(curl_socket_t fd, Watch &watch) noexcept {
  if (watch.dirty) return;
  dirty_.push_back(fd);
  watch.dirty = true;
}

// The host may have closed the handle of a connection that waits, registered, for its next request.
bool Interest::is_met(const Watch &watch) const noexcept {
  return watch.want == watch.armed && (watch.armed == 0 || watch.handle.get(uv_) != nullptr);
}

void Interest::disarm(Watch &watch) noexcept {
  if (watch.armed == 0) return;
  watch.armed = 0;
  if (auto *poll = watch.handle.as<uv_poll_t>(uv_)) uv_.poll_stop(poll);
}

Interest::~Interest() {
  for (Watch &watch : watches_) own(watch, false);
}

void Interest::own(Watch &watch, bool ours) noexcept {
  if (watch.ours == ours) return;
  watch.ours = ours;
  Descriptors::sockets += ours ? std::size_t{1} : std::size_t(-1);
}

void Interest::recount() noexcept {
  for (std::size_t fd = 0; fd < watches_.size(); ++fd) {
    Watch &watch = watches_[fd];
    const bool seen = watch.want != 0 || watch.connected;
    if (watch.ours && !seen && !is_open(static_cast<curl_socket_t>(fd))) own(watch, false);
  }
}

void Interest::wish(SocketOwner *owner, curl_socket_t fd, int what, const CURL *user) {
  const auto want = static_cast<std::uint8_t>(what & CURL_POLL_INOUT);
  Watch *known = want != 0 ? at(fd) : find(fd);
  if (known == nullptr) return;
  Watch &watch = *known;
  // One that libcurl opened by itself: a resolver thread's.
  if (want != 0 && watch.want == 0 && !watch.ours) keep_from_children(fd);
  watch.want = want;
  // While it connects libcurl waits to write.
  if (want == CURL_POLL_IN && watch.ours) watch.reached = true;
  watch.owner = watch.want != 0 ? owner : nullptr;
  if (watch.want != 0) {
    watch.home = owner;
    watch.user = user;
  }
  if (watch.want == 0) {
    if (!watch.connected) disarm(watch);
  } else if (!is_met(watch)) {
    mark(fd, watch);
  }
}

void Interest::opened(curl_socket_t fd) {
  Watch *known = at(fd);
  if (known == nullptr) return;
  Watch &watch = *known;
  disarm(watch);
  own(watch, true);
  watch.reached = false;
  watch.connected = false;
  watch.home = nullptr;
  watch.user = nullptr;
  // libcurl does not repeat a wish for a number that it closed and got again in one go.
  if (watch.want != 0) mark(fd, watch);
}

void Interest::responded() noexcept {
  if (Watch *watch = find(current_)) watch->connected = watch->ours;
}

bool Interest::has_reached(curl_socket_t fd) const noexcept {
  const std::size_t index = index_of(fd);
  return index < watches_.size() && watches_[index].reached;
}

void Interest::closing(curl_socket_t fd) noexcept {
  Watch *known = find(fd);
  if (known == nullptr) return;
  Watch &watch = *known;
  disarm(watch);
  own(watch, false);
  watch.connected = false;
  watch.want = 0;
  watch.owner = nullptr;
  watch.home = nullptr;
  watch.user = nullptr;
}

void Interest::left_by(const CURL *user) noexcept {
  for (Watch &watch : watches_)
    if (watch.user == user) watch.user = nullptr;
}

void Interest::hang_up(const SocketOwner *owner) noexcept {
  for (std::size_t fd = 0; fd < watches_.size(); ++fd) {
    const Watch &watch = watches_[fd];
    if (watch.ours && watch.home == owner) end_reading(static_cast<curl_socket_t>(fd));
  }
}

void Interest::hang_up(const SocketOwner *owner, const CURL *user) noexcept {
  for (std::size_t fd = 0; fd < watches_.size(); ++fd) {
    const Watch &watch = watches_[fd];
    const bool meant = watch.user == nullptr || watch.user == user;
    if (watch.ours && watch.home == owner && meant) end_reading(static_cast<curl_socket_t>(fd));
  }
}

void Interest::forget(const SocketOwner *owner) noexcept {
  for (Watch &watch : watches_) {
    if (watch.home == owner) watch.home = nullptr;
    if (watch.owner != owner) continue;
    disarm(watch);
    watch.want = 0;
    watch.owner = nullptr;
  }
}

// Making a handle runs Lua's allocator and thus perhaps a finalizer of the script's, which may run
// the loop: that must find what is still to be done, and may have done it by then. So the watch is
// looked up anew after.
void Interest::make_handle(curl_socket_t fd) {
  const std::size_t index = index_of(fd);
  mark(fd, watches_[index]);
  const Handle made(factory_.make(HandleFactory::Kind::poll, fd));
  if (auto *handle = made.get(uv_)) uv_.unref(handle);
  Watch &watch = watches_[index];
  if (watch.handle.get(uv_) == nullptr) {
    watch.handle = made;
    watch.armed = 0;
  }
  if (!watch.dirty || dirty_.back() != fd) return;
  dirty_.pop_back();
  watch.dirty = false;
}

SocketOwner *Interest::apply_one(curl_socket_t fd) {
  watches_[index_of(fd)].dirty = false;
  {
    const Watch &watch = watches_[index_of(fd)];
    if (watch.want == 0 || is_met(watch)) return nullptr;
    if (watch.handle.get(uv_) == nullptr) make_handle(fd);
  }
  Watch &watch = watches_[index_of(fd)];
  if (watch.want == 0 || is_met(watch)) return nullptr;
  auto *poll = watch.handle.as<uv_poll_t>(uv_);
  if (poll == nullptr) return watch.owner;
  const int events = ((watch.want & CURL_POLL_IN) != 0 ? UV_READABLE : 0) |
                     ((watch.want & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0);
  if (uv_.poll_start(poll, events, on_event_) != 0) return watch.owner;
  watch.armed = watch.want;
  return nullptr;
}

Interest::Event Interest::event(curl_socket_t fd, int status, int events) noexcept {
  Watch *known = find(fd);
  if (known == nullptr) return {};
  Watch &watch = *known;
  if (status < 0) watch.armed = 0;  // libuv has stopped the handle (POLLERR reaches us as UV_EBADF)
  if (watch.want == 0) {
    disarm(watch);
    return {};
  }
  Event event{watch.owner, 0};
  if (status < 0) {
    // With the wanted bits, since CURL_CSELECT_ERR alone ends a transfer without a look at what
    // recv() would say.
    events = UV_READABLE | UV_WRITABLE;
    event.bits = CURL_CSELECT_ERR;
  }
  if ((events & UV_READABLE) != 0 && (watch.want & CURL_POLL_IN) != 0)
    event.bits |= CURL_CSELECT_IN;
  if ((events & UV_WRITABLE) != 0 && (watch.want & CURL_POLL_OUT) != 0)
    event.bits |= CURL_CSELECT_OUT;
  return event;
}

void Interest::settled(curl_socket_t fd) {
  Watch *watch = find(fd);
  if (watch != nullptr && watch->want != 0 && !is_met(*watch)) mark(fd, *watch);
}

std::size_t Interest::watched() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(watches_.begin(), watches_.end(), [](const Watch &w) { return w.armed != 0; }));
}

std::vector<uv_handle_t **> Interest::unneeded(int epoll) const {
  const WatchedNumbers watched(epoll);
  std::vector<uv_handle_t **> cells;
  for (std::size_t fd = 0; fd < watches_.size(); ++fd) {
    const Watch &watch = watches_[fd];
    if (watch.is_idle() && watch.handle.get(uv_) != nullptr &&
        !watched.may_have(static_cast<curl_socket_t>(fd)))
      cells.push_back(watch.handle.cell());
  }
  return cells;
}

bool Interest::let_go(uv_handle_t **cell) noexcept {
  uv_os_fd_t descriptor{};
  if (*cell == nullptr || uv_.fileno(*cell, &descriptor) != 0) return true;  // closed, or no poll
  Watch *watch = find(socket_of(descriptor));
  if (watch == nullptr || watch->handle.cell() != cell) return true;
  if (!watch->is_idle()) return false;
  watch->handle = Handle();
  return true;
}

void Interest::stop() noexcept {
  for (Watch &watch : watches_) disarm(watch);
}

void Interest::drop_handles() noexcept {
  for (Watch &watch : watches_) watch.handle = Handle();
}

}  // namespace luvcurl
