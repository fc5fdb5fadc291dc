#pragma once

#include <string>

#include "core/curl/easy.h"
#include "core/curl/headers.h"

namespace luvcurl::redirect {

/// Called when a response that redirects is in, before libcurl follows it: changes what libcurl
/// would get wrong about the next request. `from` is where it came from, `headers` are its own.
///
/// - 303 turns a custom method (PUT, DELETE, …) into GET; libcurl < 8.13 repeats it. What described
///   the body does not go along where the body does not.
/// - To another scheme, host or port only headers go that are known to be harmless: no
///   CURLOPT_COOKIE, CURLOPT_REFERER, client certificate or TLS-SRP login either, unless
///   CURLOPT_UNRESTRICTED_AUTH says so. libcurl by itself keeps only Authorization and Cookie
///   headers back. Where a response has several Location headers, whichever libcurl follows, each
///   must lead home.
/// - A proxy of the environment is chosen anew for another scheme.
///
/// A handle that was changed is marked as spoiled: it does not go back to the pool. Throws
/// std::bad_alloc.
void prepare(Easy &easy, long status, const std::string &from, const Headers &headers);

/// Takes the header Expect off a request whose server has refused it by 417, so that libcurl, which
/// then sends it again, does so without.
void drop_expectation(Easy &easy);

}  // namespace luvcurl::redirect
