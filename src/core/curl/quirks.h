#pragma once

namespace luvcurl {

/// What the loaded libcurl needs to be handled with care. Each is told of where it is met.
struct Quirks {
  bool recheck_timer = false;
  bool forgets_ftp = false;
};

const Quirks &quirks() noexcept;

}  // namespace luvcurl
