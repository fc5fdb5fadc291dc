#pragma once

#include <memory>
#include <string>

#include "core/curl/headers.h"
#include "core/curl/info.h"
#include "core/curl/url.h"
#include "core/transfer/phase.h"

namespace luvcurl {

/// What a transfer came to.
struct Outcome {
  CURLcode code = CURLE_OK;
  Phase phase = Phase::queue;
  std::string message;         ///< empty when code is CURLE_OK
  const char *name = nullptr;  ///< where it is none of libcurl's
  int os_error = 0;            ///< the errno behind it; 0 for none
};

/// What is known of a transfer, and stays known after it: small, since scripts keep responses for
/// as long as they like, and a collector lets dropped ones lie by the hundred.
struct Result {
  std::shared_ptr<const Url> requested;
  Outcome outcome;
  Headers headers;
  Summary summary;

  /// The last URL, with the credentials that it may have.
  std::string whole_url() const;

  /// The last URL, without credentials.
  std::string url() const { return without_credentials(whole_url().c_str()); }

  /// The status of the last response, 0 when there is none.
  long status() const { return summary.status != 0 ? summary.status : headers.status(); }
};

}  // namespace luvcurl
