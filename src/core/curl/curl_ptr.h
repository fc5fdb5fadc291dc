#pragma once

#include <curl/curl.h>

#include <memory>
#include <new>

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

/// Appends a copy of `line` to a list. Throws std::bad_alloc.
inline void append(SlistPtr &list, const char *line) {
  curl_slist *longer = curl_slist_append(list.get(), line);
  if (longer == nullptr) throw std::bad_alloc();
  (void)list.release();
  list.reset(longer);
}

}  // namespace luvcurl
