#pragma once

namespace luvcurl {

/// The name of an error of the system's that says what it has no more of ("EMFILE"); nullptr for
/// any other error.
const char *shortage_name(int error) noexcept;

/// What the system calls an error: "Too many open files".
const char *os_error_text(int error) noexcept;

}  // namespace luvcurl
