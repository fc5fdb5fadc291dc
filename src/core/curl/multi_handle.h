#pragma once

#include "core/curl/curl_ptr.h"

namespace luvcurl {

/// curl_multi_init, but what it opens for itself is not inherited by children.
/// nullptr without memory.
MultiPtr make_multi();

}  // namespace luvcurl
