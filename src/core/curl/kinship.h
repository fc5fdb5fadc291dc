#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace luvcurl {

struct Option;

/// Whether a connection that was made with one value of this option (lower case) must not serve a
/// request with another, and libcurl, of some version at least, does not look at that itself.
bool decides_kinship(const std::string &name);

/// What the connections that a request may use were made with, as a text; empty for a request that
/// says nothing of the kind. Requests whose texts differ share neither connections nor TLS
/// sessions, wherever redirects lead them. Throws std::bad_alloc.
std::string kinship_of(const std::vector<Option> &options);

/// What is added to the kinship of a request for this URL: some schemes have lanes of their own.
const char *apart_by_scheme(std::string_view url) noexcept;

}  // namespace luvcurl
