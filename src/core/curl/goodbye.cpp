#include "core/curl/goodbye.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/curl/easy.h"
#include "core/curl/easy_user.h"

namespace luvcurl {

namespace {

constexpr std::array<std::string_view, 8> polite = {"ftp",  "ftps",  "imap", "imaps",
                                                    "pop3", "pop3s", "smtp", "smtps"};

// IMAP's has a tag before it. A password is sent behind another word.
bool is_goodbye(std::string_view line) {
  constexpr std::string_view logout = " LOGOUT\r\n";
  return line == "QUIT\r\n" ||
         (line.size() > logout.size() && line.substr(line.size() - logout.size()) == logout &&
          line.find(' ') == line.size() - logout.size());
}

// What libcurl itself does for `verbose`.
void show(curl_infotype type, std::string_view text) {
  const char *mark = type == CURLINFO_TEXT         ? "* "
                     : type == CURLINFO_HEADER_IN  ? "< "
                     : type == CURLINFO_HEADER_OUT ? "> "
                                                   : nullptr;
  if (mark == nullptr) return;
  std::fwrite(mark, 1, 2, stderr);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

int on_debug(CURL *, curl_infotype type, char *text, std::size_t size, void *data) noexcept {
  const Easy &easy = *static_cast<const Easy *>(data);
  const std::string_view line(text, size);
  if (easy.options->number(CURLOPT_VERBOSE, 0) != 0) show(type, line);
  if (type == CURLINFO_HEADER_OUT && easy.user != nullptr && is_goodbye(line))
    easy.user->on_goodbye();
  return 0;
}

}  // namespace

bool says_goodbye(std::string_view scheme) noexcept {
  return std::find(polite.begin(), polite.end(), scheme) != polite.end();
}

void hear_goodbye(Easy &easy, bool on) noexcept {
  if (easy.hears_goodbye == on) return;
  easy.hears_goodbye = on;
  CURL *handle = easy.handle.get();
  const bool verbose = easy.options->number(CURLOPT_VERBOSE, 0) != 0;
  set_option(handle, CURLOPT_DEBUGFUNCTION, on ? &on_debug : nullptr);
  set_option(handle, CURLOPT_DEBUGDATA, &easy);
  set_option(handle, CURLOPT_VERBOSE, on || verbose ? 1L : 0L);
}

}  // namespace luvcurl
