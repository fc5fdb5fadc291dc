#include "core/curl/stream_resets.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/curl/library.h"

namespace luvcurl {

namespace {

// Of nghttp2, as far as it is needed here: its headers are not, nor is it linked.
struct Session;
struct Callbacks;
using OnStreamClose = int (*)(Session *, std::int32_t stream, std::uint32_t error, void *user);
using SetOnStreamClose = void (*)(Callbacks *, OnStreamClose);
using RemoteClose = int (*)(Session *, std::int32_t stream);
struct FrameHead {
  std::size_t length;
  std::int32_t stream;
  std::uint8_t type;
};
using UserData = void *(*)(Session *, std::int32_t stream);
using OnBeginFrame = int (*)(Session *, const FrameHead *, void *user);
using SetOnBeginFrame = void (*)(Callbacks *, OnBeginFrame);

constexpr std::uint8_t rst_stream = 3;
constexpr std::uint32_t no_error = 0, refused_stream = 7, cancel = 8;

// libcurl has one such callback for servers and one for proxies.
constexpr std::size_t most = 4;
std::array<std::atomic<OnStreamClose>, most> originals;

// The real ones, in what libcurl was linked to.
struct Nghttp2 {
  SetOnStreamClose set_on_stream_close;
  SetOnBeginFrame set_on_begin_frame;
  RemoteClose remote_close;
  UserData user_data;

  Nghttp2() noexcept {
    void *libraries = library::of(reinterpret_cast<void *>(&curl_easy_init));
    const auto find = [&](const char *name) { return library::find(libraries, name); };
    set_on_stream_close = reinterpret_cast<SetOnStreamClose>(
        find("nghttp2_session_callbacks_set_on_stream_close_callback"));
    set_on_begin_frame = reinterpret_cast<SetOnBeginFrame>(
        find("nghttp2_session_callbacks_set_on_begin_frame_callback"));
    remote_close = reinterpret_cast<RemoteClose>(find("nghttp2_session_get_stream_remote_close"));
    user_data = reinterpret_cast<UserData>(find("nghttp2_session_get_stream_user_data"));
  }
};

const Nghttp2 &nghttp2() noexcept {
  static const Nghttp2 all;
  return all;
}

// The stream that a frame under way resets, though the server has not ended it. By the time that
// nghttp2 tells of its end it counts as ended.
struct Reset {
  Session *session = nullptr;
  std::int32_t stream = 0;
};
thread_local Reset reset;

int on_begin_frame(Session *session, const FrameHead *head, void * /*user*/) {
  if (head->type == rst_stream && nghttp2().remote_close(session, head->stream) == 0) {
    reset = {session, head->stream};
  } else if (reset.session == session) {
    reset = {};
  }
  return 0;
}

// Whose streams were refused, until they begin another: libcurl has its handles for the streams'
// user data. They are only compared.
struct Refused {
  std::array<const void *, 256> handles{};
  std::size_t count = 0;

  std::size_t find(const void *handle) const {
    return static_cast<std::size_t>(std::find(handles.begin(), handles.begin() + count, handle) -
                                    handles.begin());
  }
};
thread_local Refused refused;

void note_refusal(Session *session, std::int32_t stream) {
  const void *handle = nghttp2().user_data(session, stream);
  if (handle == nullptr) return;
  if (refused.count == refused.handles.size()) refused.count = 0;  // of handles long gone
  if (refused.find(handle) == refused.count) refused.handles[refused.count++] = handle;
}

template <std::size_t place>
int on_stream_close(Session *session, std::int32_t stream, std::uint32_t error, void *user) {
  const bool is_cut = error == no_error && reset.session == session && reset.stream == stream;
  if (error == refused_stream) note_refusal(session, stream);
  return originals[place].load()(session, stream, is_cut ? cancel : error, user);
}

constexpr std::array<OnStreamClose, most> wrappers = {&on_stream_close<0>, &on_stream_close<1>,
                                                      &on_stream_close<2>, &on_stream_close<3>};

// What stands for a callback of libcurl's: itself, where it cannot be wrapped.
OnStreamClose wrapped(OnStreamClose original) {
  for (std::size_t place = 0; original != nullptr && place < most; ++place) {
    OnStreamClose expected = nullptr;
    if (originals[place].compare_exchange_strong(expected, original) || expected == original)
      return wrappers[place];
  }
  return original;
}

// Once for each connection.
void set_on_stream_close(Callbacks *callbacks, OnStreamClose callback) noexcept {
  const Nghttp2 &real = nghttp2();
  if (real.remote_close != nullptr && real.set_on_begin_frame != nullptr &&
      real.user_data != nullptr) {
    real.set_on_begin_frame(callbacks, &on_begin_frame);
    callback = wrapped(callback);
  }
  if (real.set_on_stream_close != nullptr) real.set_on_stream_close(callbacks, callback);
}

}  // namespace

bool was_refused(CURL *easy) noexcept { return refused.find(easy) != refused.count; }

void forget_refusal(CURL *easy) noexcept {
  const std::size_t place = refused.count == 0 ? 0 : refused.find(easy);
  if (place < refused.count) refused.handles[place] = refused.handles[--refused.count];
}

}  // namespace luvcurl

// Stands before nghttp2's own in what libcurl's references are looked up in, since this module is
// what has libcurl loaded. Where libcurl was there before, or has nghttp2 within, it is not called.
extern "C" __attribute__((visibility("default"))) void
nghttp2_session_callbacks_set_on_stream_close_callback(void *callbacks, void *callback) {
  luvcurl::set_on_stream_close(static_cast<luvcurl::Callbacks *>(callbacks),
                               reinterpret_cast<luvcurl::OnStreamClose>(callback));
}
