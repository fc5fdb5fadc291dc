#include "core/transfer/result.h"

namespace luvcurl {

std::string Result::whole_url() const {
  if (!summary.url.empty()) return headers.with_fragment(summary.url);
  char *text = nullptr;
  if (curl_url_get(requested->handle.get(), CURLUPART_URL, &text, 0) != CURLUE_OK) return {};
  const CurlString owned(text);
  return owned.get();
}

}  // namespace luvcurl
