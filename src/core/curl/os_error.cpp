#include "core/curl/os_error.h"

#include <cerrno>
#include <cstring>

namespace luvcurl {

const char *shortage_name(int error) noexcept {
  switch (error) {
    case EMFILE:
      return "EMFILE";
    case ENFILE:
      return "ENFILE";
    case ENOBUFS:
      return "ENOBUFS";
    case ENOMEM:
      return "ENOMEM";
    default:
      return nullptr;
  }
}

// The words of the usual locale: LuaJIT never sets another, and where a host does, it is its own.
const char *os_error_text(int error) noexcept { return std::strerror(error); }

}  // namespace luvcurl
