#include "core/curl/process.h"

namespace luvcurl {

void ignore_broken_pipes() noexcept {}  // no such signal

}  // namespace luvcurl
