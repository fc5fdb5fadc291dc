#pragma once

#include "core/curl/curl_ptr.h"

namespace luvcurl {

/// curl_multi_init, but what it opens for itself is not inherited by children, and its end waits
/// for no name look-up. nullptr without memory.
MultiPtr make_multi();

}  // namespace luvcurl
