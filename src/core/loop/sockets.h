#pragma once

#include <curl/curl.h>

namespace luvcurl {

class Interest;

/// Has libcurl open and close the handle's sockets through us, so that `interest` knows of it.
/// `interest` must outlive every connection, since libcurl opens and closes sockets with the
/// pointers of whichever handle came first.
void watch_sockets(CURL *easy, Interest &interest) noexcept;

}  // namespace luvcurl
