#include "core/curl/info.h"

#include <algorithm>
#include <cctype>
#include <unordered_map>

namespace luvcurl {

// Never destroyed: the process may end while other threads look things up.
const std::vector<InfoName> &info_names() {
  static const std::vector<InfoName> &all = *new std::vector<InfoName>([] {
    std::vector<InfoName> names = {
#define LUVCURL_NAME(name) {#name, CURLINFO_##name},
#include "curl_info_names.inc"  // written by cmake/curl_names.cmake
#undef LUVCURL_NAME
    };
    for (InfoName &info : names) {
      std::transform(info.name.begin(), info.name.end(), info.name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    }
    return names;
  }());
  return all;
}

const InfoName *find_info(const std::string &name) {
  const auto &all = info_names();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const InfoName &info) { return info.name == name; });
  return found != all.end() ? &*found : nullptr;
}

long info_long(CURL *easy, CURLINFO info) noexcept {
  long value = 0;
  return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

std::int64_t info_size(CURL *easy, CURLINFO info) noexcept {
  curl_off_t value = 0;
  return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

const char *info_text(CURL *easy, CURLINFO info) noexcept {
  const char *text = nullptr;
  return curl_easy_getinfo(easy, info, &text) == CURLE_OK && text != nullptr ? text : "";
}

Summary summarize(CURL *easy, long status, bool redirected) {
  Summary summary;
  summary.status = status != 0 ? status : info_long(easy, CURLINFO_RESPONSE_CODE);
  summary.http_version = info_long(easy, CURLINFO_HTTP_VERSION);
  summary.connections = info_long(easy, CURLINFO_NUM_CONNECTS);
  summary.request_size = info_long(easy, CURLINFO_REQUEST_SIZE);
  summary.header_size = info_long(easy, CURLINFO_HEADER_SIZE);
  summary.uploaded = info_size(easy, CURLINFO_SIZE_UPLOAD_T);
  summary.downloaded = info_size(easy, CURLINFO_SIZE_DOWNLOAD_T);
  summary.primary_ip = info_text(easy, CURLINFO_PRIMARY_IP);
  summary.primary_port = info_long(easy, CURLINFO_PRIMARY_PORT);
  summary.local_ip = info_text(easy, CURLINFO_LOCAL_IP);
  summary.local_port = info_long(easy, CURLINFO_LOCAL_PORT);
  summary.timings.resolve = info_size(easy, CURLINFO_NAMELOOKUP_TIME_T);
  summary.timings.connect = info_size(easy, CURLINFO_CONNECT_TIME_T);
  summary.timings.tls = info_size(easy, CURLINFO_APPCONNECT_TIME_T);
  summary.timings.send = info_size(easy, CURLINFO_PRETRANSFER_TIME_T);
  summary.timings.wait = info_size(easy, CURLINFO_STARTTRANSFER_TIME_T);
  summary.timings.total = info_size(easy, CURLINFO_TOTAL_TIME_T);
  if (redirected) {
    summary.timings.redirect = info_size(easy, CURLINFO_REDIRECT_TIME_T);
    summary.url = info_text(easy, CURLINFO_EFFECTIVE_URL);
  }
  return summary;
}

}  // namespace luvcurl
