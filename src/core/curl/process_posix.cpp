#include <csignal>

#include "core/curl/process.h"

namespace luvcurl {

void ignore_broken_pipes() noexcept {
  struct sigaction current {};
  if (sigaction(SIGPIPE, nullptr, &current) == 0 && current.sa_handler == SIG_DFL)
    signal(SIGPIPE, SIG_IGN);
}

}  // namespace luvcurl
