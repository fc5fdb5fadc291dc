#pragma once

#include <curl/curl.h>

namespace luvcurl {

struct Easy;
struct Request;

/// Whether a request whose connection is lost before an answer may be sent anew.
enum class Resend {
  by_method,  ///< one that changes nothing by being sent twice, or that nobody can have read
  always,
  never
};

namespace resend {

/// Whether the request that libcurl is at may be sent once more, though the server may have read
/// it: its method is idempotent, or it says itself that it is (Idempotency-Key).
bool is_harmless(const Easy &easy, const Request &request);

/// Whether it may, after a transfer that has failed.
bool is_allowed(const Easy &easy, const Request &request);

/// An answer came from which libcurl goes on to another request: which may be another method's.
void leads_on(Easy &easy, const Request &request, long status);

/// Says whether libcurl itself sends a request again when a kept connection turns out to be dead.
void by_libcurl(Easy &easy, bool on) noexcept;

}  // namespace resend
}  // namespace luvcurl
