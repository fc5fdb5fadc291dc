#pragma once

#include <string>

#include "core/curl/easy.h"

namespace luvcurl::redirect {

/// Called when a response that redirects is in, before libcurl follows it: changes what libcurl
/// would get wrong about the next request. `from` is where it came from, `location` the header as
/// it is.
///
/// - 303 turns a custom method (PUT, DELETE, …) into GET; libcurl < 8.13 repeats it.
/// - Headers with sensitive names (X-Api-Key, Proxy-Authorization, …) and CURLOPT_COOKIE do not go
/// to
///   another scheme, host or port, unless CURLOPT_UNRESTRICTED_AUTH says so; libcurl drops only
///   Authorization and Cookie headers by itself.
/// - A client certificate (or TLS-SRP login) is not shown there either, with the same exception.
///
/// A handle that was changed is marked as spoiled: it does not go back to the pool. Throws
/// std::bad_alloc.
void prepare(Easy &easy, long status, const std::string &from, const std::string &location);

/// Takes the header Expect off a request whose server has refused it by 417, so that libcurl, which
/// then sends it again, does so without.
void drop_expectation(Easy &easy);

}  // namespace luvcurl::redirect
