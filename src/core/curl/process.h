#pragma once

namespace luvcurl {

/// libuv's streams and some of libcurl's TLS backends write to sockets whose peer has gone
/// (curl#11041), where a signal may end the process; luvit and Neovim ignore it themselves, plain
/// luajit dies of it. A handler of the host's is left.
void ignore_broken_pipes() noexcept;

}  // namespace luvcurl
