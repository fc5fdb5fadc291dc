#pragma once

#include <curl/curl.h>

#include <memory>
#include <new>
#include <utility>

namespace luvcurl {

/// Deleter that frees a libcurl object with the C function `Free`.
template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T *object) const noexcept {
    Free(object);
  }
};

using EasyPtr = std::unique_ptr<CURL, FreeWith<curl_easy_cleanup>>;
using MultiPtr = std::unique_ptr<CURLM, FreeWith<curl_multi_cleanup>>;
using UrlPtr = std::unique_ptr<CURLU, FreeWith<curl_url_cleanup>>;
using SlistPtr = std::unique_ptr<curl_slist, FreeWith<curl_slist_free_all>>;
using MimePtr = std::unique_ptr<curl_mime, FreeWith<curl_mime_free>>;
using CurlString = std::unique_ptr<char, FreeWith<curl_free>>;

/// Builds a list. libcurl walks from the node that it is given to the last one: given the last, a
/// list of any length takes linear time.
class ListBuilder {
 public:
  /// Appends a copy of `line`. Throws std::bad_alloc.
  void append(const char *line) {
    curl_slist *at = curl_slist_append(last_, line);
    if (at == nullptr) throw std::bad_alloc();
    if (!list_) list_.reset(at);
    last_ = last_ == nullptr ? at : last_->next;
  }

  SlistPtr take() { return std::move(list_); }

 private:
  SlistPtr list_;
  curl_slist *last_ = nullptr;
};

/// Appends a copy of `line` to a list. Throws std::bad_alloc.
inline void append(SlistPtr &list, const char *line) {
  curl_slist *longer = curl_slist_append(list.get(), line);
  if (longer == nullptr) throw std::bad_alloc();
  (void)list.release();
  list.reset(longer);
}

}  // namespace luvcurl
