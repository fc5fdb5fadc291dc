#include "core/curl/multi_handle.h"

#include "core/curl/socket.h"

namespace luvcurl {

namespace {

// By number: it may be newer than the headers (8.20), and a libcurl that does not know it says so.
constexpr auto quick_exit = static_cast<CURLMoption>(CURLOPTTYPE_LONG + 21);

}  // namespace

MultiPtr make_multi() {
  const OwnSockets own;
  MultiPtr multi(curl_multi_init());
  own.keep_from_children();
  // Else its end waits for the threads that look up names.
  curl_multi_setopt(multi.get(), quick_exit, 1L);
  return multi;
}

}  // namespace luvcurl
