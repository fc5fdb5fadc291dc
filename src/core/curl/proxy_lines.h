#pragma once

#include <vector>

#include "core/curl/option.h"

namespace luvcurl {

/// Has a Proxy-Authorization line of the headers go to a proxy only, as an option of libcurl's own
/// does it: on the request for a tunnel, or on what is asked of the proxy itself; and nowhere when
/// there is none.
void keep_proxy_lines(std::vector<Option> &options);

}  // namespace luvcurl
