#pragma once

#include <cstddef>
#include <memory>

#include "core/curl/url.h"

namespace luvcurl {

class Lane;

/// A server, as a Multi sees it: where its connections are.
struct Server final : Origin {
  Lane *lane = nullptr;    ///< of the first of its connections at least
  std::size_t active = 0;  ///< transfers started and not yet ended

  /// For the UrlCache of a Multi, whose origins are all servers.
  static std::shared_ptr<Origin> make() { return std::make_shared<Server>(); }
  static Server &of(Origin &origin) { return static_cast<Server &>(origin); }
};

}  // namespace luvcurl
