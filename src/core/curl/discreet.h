#pragma once

#include <string>

namespace luvcurl {

/// A message of libcurl's without the user names and passwords of the URLs that it quotes, as it
/// does with a proxy's that it cannot use.
std::string discreet(std::string message);

}  // namespace luvcurl
