#pragma once

#include <curl/curl.h>

namespace luvcurl {

class Interest;
struct Easy;

/// Has libcurl open and close the handle's sockets through us, so that `interest` knows of it, and
/// the handle of its last one. `interest` must outlive every connection, since libcurl closes
/// sockets with the pointers of whichever handle came first.
void watch_sockets(Easy &easy, Interest &interest) noexcept;

}  // namespace luvcurl
