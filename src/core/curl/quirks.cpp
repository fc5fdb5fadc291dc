#include "core/curl/quirks.h"

#include <curl/curl.h>

namespace luvcurl {

namespace {

Quirks quirks_of_loaded() noexcept {
  const unsigned int version = curl_version_info(CURLVERSION_NOW)->version_num;
  Quirks quirks;
  quirks.recheck_timer = version >= 0x080a00 && version <= 0x080b00;
  quirks.forgets_ftp = version < 0x080400;
  return quirks;
}

}  // namespace

const Quirks &quirks() noexcept {
  static const Quirks of_loaded = quirks_of_loaded();
  return of_loaded;
}

}  // namespace luvcurl
