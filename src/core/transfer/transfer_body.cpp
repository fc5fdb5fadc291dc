// The part of Transfer that takes the bytes of a response's body in: unpacks them, where they came
// packed, and has them wait or collects them; and holds libcurl, so that nothing is too much.

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "core/curl/quirks.h"
#include "core/transfer/transfer.h"

namespace luvcurl {

namespace {

// What libcurl may give us of a body in one go, in bytes; a call costs as much as that many, and to
// unpack a byte as much as some.
constexpr std::size_t slice = 256 * 1024;
constexpr std::size_t call_cost = 512;
constexpr std::size_t unpacking_cost = 8;

// A body that is collected without a max_body may unfold to any size while it is at most this many
// times what was sent (texts and logs are 5 to 30 times), or is at most this large.
constexpr std::uint64_t usual_ratio = 100;
constexpr std::uint64_t harmless = 64 * 1024 * 1024;

}  // namespace

std::size_t Transfer::on_write(const char *bytes, std::size_t size) {
  if (state_ != State::running) return 0;
  response_is_in();
  if (state_ != State::running) return 0;
  if (request_.timeouts.idle != 0) heard_at_ = loop_.now();
  if (unpacking_) return unpack(bytes, size);
  if (!is_allowed(size)) return 0;
  if (request_.streaming) {
    if (!take_in(bytes, size)) return CURL_WRITEFUNC_PAUSE;
  } else {
    intake_.collect(bytes, size, [this] {
      return info_size(easy_->handle.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T);
    });
  }
  work_ += size + call_cost;
  if (work_ >= slice) let_others_work();
  return size;
}

// Whether as many more bytes may come in; ends the transfer otherwise.
bool Transfer::is_allowed(std::size_t more) {
  const std::uint64_t size = intake_.received() + more;
  if (request_.max_body != 0 && size > request_.max_body) {
    fail(CURLE_FILESIZE_EXCEEDED,
         "the body is larger than max_body (" + std::to_string(request_.max_body) + " bytes)");
    return false;
  }
  const bool is_bomb = unpacking_ && !request_.streaming && request_.max_body == 0 &&
                       size > harmless && size / usual_ratio > unpacking_->fed();
  if (is_bomb)
    fail(CURLE_FILESIZE_EXCEEDED,
         "the body unfolds to more than 64 MiB and 100 times what was sent; max_body allows more");
  return !is_bomb;
}

// libcurl reads for as long as the server keeps up with it, and would hold the loop until then: the
// rest comes in the next turn.
void Transfer::let_others_work() {
  work_ = 0;
  if (!may_hold()) return;
  flow_.hold(easy());
  announce();
}

// From within on_write. HTTP/1 only: in HTTP/2 a hold costs messages, and file:// cannot be held.
bool Transfer::may_hold() const {
  if (flow_.is_held()) return false;
  const long version = info_long(easy_->handle.get(), CURLINFO_HTTP_VERSION);
  return version == CURL_HTTP_VERSION_1_0 || version == CURL_HTTP_VERSION_1_1;
}

// Returns whether the bytes are taken, or libcurl is to hold them.
bool Transfer::take_in(const char *bytes, std::size_t size) {
  const bool full = intake_.size() >= request_.high_water;
  if (full) flow_.block(Flow::down);
  if (full || flow_.is_paused()) {
    flow_.refuse(Flow::down);
    return false;
  }
  if (!intake_.append(bytes, size)) return true;
  tell_of(Telling::data);
  if (intake_.size() >= piece_size) tell_first();
  return true;
}

// libcurl reads for as long as the server keeps up with it: by the time the sink is told, the first
// of that has left the processor's caches. So it is held until then; apply_flow lets it go on. Both
// ways, for the reason given there.
void Transfer::tell_first() {
  if (!may_hold()) return;
  // Let go only to be refused, it would copy what it has read by then. What may have been the last
  // of the body is let go: nobody needs to read it for the transfer to end.
  if (intake_.size() >= request_.high_water && more_is_to_come()) flow_.block(Flow::down);
  flow_.hold(easy());
}

// By what the server has announced.
bool Transfer::more_is_to_come() const {
  return info_size(easy_->handle.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T) >
         static_cast<std::int64_t>(intake_.received());
}

// --- what came packed ---

void Transfer::begin_unpacking() {
  std::vector<decode::Coding> all;
  const auto append = [&all](const decode::Codings &codings) {
    if (!codings.empty()) all.insert(all.end(), codings.list().begin(), codings.list().end());
  };
  if (request_.decodes()) append(result_->headers.codings());
  // COMPAT libcurl < 8.6: told to leave contents as they come, it leaves what a Transfer-Encoding
  // other than chunked has made of them, too.
  if (quirks().leaves_transfer_codings &&
      request_.options->number(CURLOPT_HTTP_TRANSFER_DECODING, 1) != 0) {
    const decode::Codings codings = result_->headers.transfer_codings();
    if (codings.has_unknown() || codings.too_many())
      return fail(CURLE_BAD_CONTENT_ENCODING, "the response has an unknown Transfer-Encoding");
    append(codings);
  }
  if (!all.empty()) unpacking_ = std::make_unique<Unpacking>(all);
}

// libcurl keeps what comes while the last of it is not all out: that is one read at most.
std::size_t Transfer::unpack(const char *bytes, std::size_t size) {
  if (unpacking_->is_busy() || flow_.is_paused()) {
    if (unpacking_->is_busy()) flow_.block(Flow::down);
    flow_.refuse(Flow::down);
    return CURL_WRITEFUNC_PAUSE;
  }
  unpacking_->feed(bytes, size);
  const std::uint64_t before = intake_.received();
  unfold(may_hold() ? Unpacking::time : 0);
  if (state_ != State::running) return 0;
  if (unpacking_->is_busy()) {
    flow_.block(Flow::down);
    if (may_hold()) flow_.hold(easy());
    return size;
  }
  work_ += intake_.received() - before + size * unpacking_cost + call_cost;
  if (work_ >= slice) let_others_work();
  return size;
}

bool Transfer::is_unpacking() const { return unpacking_ && !is_settled() && unpacking_->is_busy(); }

// How many unpacked bytes may come in now.
std::size_t Transfer::room() const {
  if (!request_.streaming || intake_.discards()) return SIZE_MAX;
  const std::size_t size = intake_.size();
  return size < request_.high_water ? static_cast<std::size_t>(request_.high_water) - size : 0;
}

// For as long as there is room and time: the rest comes by a later tell(), which the time or the
// consumer (take) brings.
void Transfer::unfold(std::uint64_t time) noexcept {
  if (is_settled() || flow_.is_paused()) return;
  try {
    unfold_until(loop_.uv().hrtime() + time);
  } catch (const std::bad_alloc &) {
    fail(CURLE_OUT_OF_MEMORY, {});
  }
}

void Transfer::unfold_until(std::uint64_t until) {
  std::array<char, Unpacking::piece> piece;  // NOLINT(*-member-init): filled by each step
  const std::uint64_t before = intake_.received();
  while (unpacking_->is_busy() && !unpacking_->is_away() && room() > 0) {
    if (unpacking_->is_slow() && unpacking_->send_away(loop_, self())) return;
    const std::size_t size = unpacking_->step(piece.data(), std::min(piece.size(), room()));
    if (!take_unfolded({piece.data(), size})) return;
    // The sink is told of what is in the processor's caches still.
    const bool enough = request_.streaming && intake_.received() - before >= piece_size;
    if (enough || loop_.uv().hrtime() >= until) break;
  }
  if (!unpacking_->is_busy()) {
    all_unfolded();
  } else if (!unpacking_->is_away() && room() > 0) {
    announce();
  }
}

bool Transfer::take_unfolded(std::string_view bytes) {
  if (bytes.empty()) return true;
  if (!is_allowed(bytes.size())) return false;
  if (!request_.streaming) {
    intake_.collect(bytes.data(), bytes.size(), [] { return 0; });
  } else if (intake_.append(bytes.data(), bytes.size())) {
    tell_of(Telling::data);
  }
  return true;
}

// What has come so far is out.
void Transfer::all_unfolded() {
  if (unpacking_->is_broken()) {
    fail(CURLE_BAD_CONTENT_ENCODING, "the body cannot be decompressed: " + unpacking_->why());
  } else if (state_ == State::ended && !unpacking_->is_whole()) {
    fail(CURLE_PARTIAL_FILE,
         "the body ends before what it was compressed to: " + unpacking_->why());
  } else if (flow_.unblock(Flow::down)) {
    announce();
  }
}

void Transfer::unfolded(std::string_view bytes, bool out_of_memory) noexcept {
  if (!unpacking_) return;
  unpacking_->came_back();
  if (is_settled()) return;
  try {
    if (out_of_memory) throw std::bad_alloc();
    take_unfolded(bytes);
  } catch (const std::bad_alloc &) {
    fail(CURLE_OUT_OF_MEMORY, {});
  }
  announce();
}

}  // namespace luvcurl
