#include "core/transfer/flow.h"

namespace luvcurl {

namespace {

int bits(unsigned ways) {
  return ((ways & Flow::down) != 0 ? CURLPAUSE_RECV : 0) |
         ((ways & Flow::up) != 0 ? CURLPAUSE_SEND : 0);
}

}  // namespace

bool Flow::unblock(Way way) noexcept {
  const bool was = (blocked_ & way) != 0;
  blocked_ &= ~static_cast<unsigned>(way);
  return was;
}

bool Flow::pause() noexcept {
  const bool was = paused_;
  paused_ = true;
  return !was;
}

bool Flow::resume() noexcept {
  const bool was = paused_;
  paused_ = false;
  return was;
}

void Flow::hold(CURL *easy) noexcept {
  held_ = both;
  curl_easy_pause(easy, CURLPAUSE_ALL);
}

bool Flow::apply(CURL *easy, bool has_body) noexcept {
  unsigned wanted = blocked_ | (paused_ ? both : none);
  // COMPAT libcurl < 8.4: held in one direction only by this call, it reads once more, into a
  // buffer of its own.
  if ((wanted & down) != 0 && !has_body) wanted |= up;
  if (wanted == held_) return false;
  const bool releases = (held_ & ~wanted) != 0;
  // libcurl takes what a form's part answered for as long as it holds the request, which it does
  // only when it has sent what it read before that part: never, if it was let go before.
  if ((held_ & ~wanted & up) != 0) curl_easy_pause(easy, bits(held_));
  held_ = wanted;  // before the call: libcurl may call on_write and on_read within it
  curl_easy_pause(easy, bits(wanted));
  return releases;
}

// COMPAT libcurl 7.88: what an HTTP/2 stream receives while it is paused, up to its end, is lost to
// everybody when the handle goes. Let go, it is offered to us, and we refuse it.
void Flow::let_go(CURL *easy) const noexcept {
  if (is_held()) curl_easy_pause(easy, CURLPAUSE_CONT);
}

}  // namespace luvcurl
