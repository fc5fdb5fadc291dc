#include "core/curl/quirks.h"

#include <curl/curl.h>

#include <cstring>

#include "core/curl/option.h"

namespace luvcurl {

namespace {

bool has_feature(const char *name) noexcept {
#if LIBCURL_VERSION_NUM >= 0x075700
  const curl_version_info_data &info = *curl_version_info(CURLVERSION_NOW);
  if (info.age < CURLVERSION_ELEVENTH) return false;
  for (const char *const *feature = info.feature_names; *feature != nullptr; ++feature) {
    if (std::strcmp(*feature, name) == 0) return true;
  }
#else
  (void)name;
#endif
  return false;
}

Quirks quirks_of_loaded() noexcept {
  const unsigned int version = curl_version_info(CURLVERSION_NOW)->version_num;
  Quirks quirks;
  quirks.recheck_timer = version >= 0x080a00 && version <= 0x080b00;
  quirks.forgets_ftp = version < 0x080400;
  quirks.unset_authorities_are_built_in = version >= 0x081100;
  quirks.native_authorities = has_feature("NativeCA") || has_feature("AppleSecTrust");
  quirks.greets_again = version < 0x080000;
  quirks.counts_on = version < 0x081100;
  quirks.leaves_transfer_codings = version < 0x080600;
  quirks.mixes_schemes = version >= 0x080a00 && version < 0x081100;
  return quirks;
}

}  // namespace

const Quirks &quirks() noexcept {
  static const Quirks of_loaded = quirks_of_loaded();
  return of_loaded;
}

bool serves_one(const OptionSet &options) noexcept {
  return options.knows_http2() && quirks().greets_again;
}

}  // namespace luvcurl
