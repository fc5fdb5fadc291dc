#include "core/multi/pool.h"

#include <new>

#include "core/curl/callbacks.h"
#include "core/curl/quirks.h"
#include "core/curl/stale_header.h"
#include "core/curl/trust.h"
#include "core/loop/sockets.h"

namespace luvcurl {

namespace {

// Options that let a handle carry something from one transfer to the next that is not in the set.
bool is_keepable(const OptionSet &options) {
  for (const CURLoption id : {
         CURLOPT_COOKIEFILE, CURLOPT_COOKIEJAR, CURLOPT_COOKIELIST, CURLOPT_AUTOREFERER,
             CURLOPT_ALTSVC, CURLOPT_ALTSVC_CTRL,
#if LIBCURL_VERSION_NUM >= 0x074a00
             CURLOPT_HSTS, CURLOPT_HSTS_CTRL,
#endif
       }) {
    if (options.has(id)) return false;
  }
  // What a server asked for stays in a handle: another one would be answered unasked, and the first
  // one by what it no longer asks for.
  return !options.answers_challenges();
}

std::size_t key_of(const OptionSet &options, BodyKind body) {
  return options.hash() + static_cast<std::size_t>(body);
}

}  // namespace

Pool::Bucket &Pool::bucket(const Options &options, BodyKind body) {
  if (last_ != nullptr && last_->options == options && last_->body == body) return *last_;
  const auto range = buckets_.equal_range(key_of(*options, body));
  for (auto it = range.first; it != range.second; ++it) {
    if (it->second.body == body && *it->second.options == *options) return *(last_ = &it->second);
  }
  if (buckets_.size() >= max_sets) {
    buckets_.clear();
    last_ = nullptr;
    idle_ = 0;
  }
  const auto made = buckets_.emplace(key_of(*options, body), Bucket{options, body, {}});
  return *(last_ = &made->second);
}

std::unique_ptr<Easy> Pool::make(const Options &options, BodyKind body, std::string *error) {
  auto easy = std::make_unique<Easy>();
  easy->handle.reset(curl_easy_init());
  if (!easy->handle) throw std::bad_alloc();
  CURL *handle = easy->handle.get();
  callbacks::install(*easy);
  watch_sockets(*easy, interest_);
  set_option(handle, CURLOPT_ERRORBUFFER, easy->message.data());
  set_option(handle, CURLOPT_NOSIGNAL, 1L);
  set_option(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  easy->share = shares_.of(options->kinship());
  set_option(handle, CURLOPT_SHARE, easy->share.get());
  // Without it, ending a transfer waits for its name look-up to come back. By name: the headers may
  // be older than 7.87.
  static const CURLoption quick_exit = find_option("quick_exit").id;
  if (quick_exit != CURLoption{}) set_option(handle, quick_exit, 1L);
  if (serves_one(*options)) {
    set_option(handle, CURLOPT_FRESH_CONNECT, 1L);
    set_option(handle, CURLOPT_FORBID_REUSE, 1L);
  }
  const Option *failed = nullptr;
  const CURLcode code = options->apply(handle, &failed);
  if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
  if (code != CURLE_OK) {
    *error = std::string("option '") + failed->info.name + "': " + curl_easy_strerror(code);
    return nullptr;
  }
  // luvcurl does it (core/decode): libcurl decodes a whole read before it can be held back.
  set_option(handle, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  easy->options = options;
  easy->body = body;
  if (!trust::install(*easy, error)) return nullptr;
  return easy;
}

std::unique_ptr<Easy> Pool::acquire(const Options &options, BodyKind body, std::string *error) {
  Bucket &from = bucket(options, body);
  if (from.idle.empty()) return make(from.options, body, error);
  std::unique_ptr<Easy> easy = std::move(from.idle.back());
  from.idle.pop_back();
  --idle_;
  return easy;
}

bool Pool::check(const Options &options, BodyKind body, std::string *error) {
  if (last_ != nullptr && last_->options == options && last_->body == body) return true;
  const auto range = buckets_.equal_range(key_of(*options, body));
  for (auto it = range.first; it != range.second; ++it) {
    if (it->second.body == body && *it->second.options == *options) return true;
  }
  std::unique_ptr<Easy> easy = make(options, body, error);
  if (!easy) return false;
  release(std::move(easy));
  return true;
}

void Pool::release(std::unique_ptr<Easy> easy) noexcept {
  const bool used = easy->user != nullptr;
  easy->user = nullptr;
  CURL *handle = easy->handle.get();
  if (used && !stale_header::guard(*easy)) return;
  if (easy->spoiled || idle_ >= max_idle || !is_keepable(*easy->options)) return;
  // Not copied by libcurl, and gone when the request is.
  if (easy->body == BodyKind::bytes && !easy->options->uploads())
    set_option(handle, CURLOPT_POSTFIELDS, nullptr);
  try {
    Bucket &to = bucket(easy->options, easy->body);
    to.idle.push_back(std::move(easy));
    ++idle_;
  } catch (const std::bad_alloc &) {
    // Not kept, then: `easy` frees it.
  }
}

}  // namespace luvcurl
