#pragma once

#include <string_view>

namespace luvcurl {

struct Easy;

/// Whether a connection of this scheme ends by a word that libcurl waits for an answer to: QUIT,
/// LOGOUT.
bool says_goodbye(std::string_view scheme) noexcept;

/// Has the handle's user told (EasyUser::on_goodbye) when libcurl has said that word, before it
/// waits. COMPAT libcurl holds its caller for up to two minutes then, whatever timeouts there are.
void hear_goodbye(Easy &easy, bool on) noexcept;

}  // namespace luvcurl
