#pragma once

namespace luvcurl {

class OptionSet;

/// What the loaded libcurl needs to be handled with care. Each is told of where it is met.
struct Quirks {
  bool recheck_timer = false;
  bool forgets_ftp = false;
  bool unset_authorities_are_built_in = false;
  bool native_authorities = false;  ///< the system's own are trusted unless others are named
  bool greets_again = false;
  bool counts_on = false;  ///< how often a handle's requests were sent again
  bool mixes_schemes = false;
  bool leaves_transfer_codings = false;
};

const Quirks &quirks() noexcept;

/// COMPAT libcurl < 8.0 begins HTTP/2 anew with each request that it puts on a connection where
/// that is spoken by prior knowledge (curl#10634): such a connection serves one request.
bool serves_one(const OptionSet &options) noexcept;

}  // namespace luvcurl
