#pragma once

namespace luvcurl {

/// What the loaded libcurl needs to be handled with care. Each is told of where it is met.
struct Quirks {
  bool recheck_timer = false;
  bool forgets_ftp = false;
  bool unset_authorities_are_built_in = false;
  bool native_authorities = false;  ///< the system's own are trusted unless others are named
};

const Quirks &quirks() noexcept;

}  // namespace luvcurl
