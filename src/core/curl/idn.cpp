#include "core/curl/idn.h"

#include "core/curl/library.h"

namespace luvcurl {

namespace {

// libidn2's idn2_to_ascii_8z, and what frees its result. Found at run time: libcurl has loaded it
// already where it knows of international names at all.
struct Idn2 {
  int (*to_ascii)(const char *, char **, int) = nullptr;
  void (*release)(void *) = nullptr;

  Idn2() {
    void *library = nullptr;
    for (const char *name : {"libidn2.so.0", "libidn2.0.dylib", "libidn2-0.dll"})
      if (library == nullptr) library = library::open(name);
    if (library == nullptr) return;
    to_ascii = reinterpret_cast<decltype(to_ascii)>(library::find(library, "idn2_to_ascii_8z"));
    release = reinterpret_cast<decltype(release)>(library::find(library, "idn2_free"));
  }
};

constexpr int nfc_input = 1;        // IDN2_NFC_INPUT
constexpr int nontransitional = 8;  // IDN2_NONTRANSITIONAL, as libcurl asks for

const Idn2 &idn2_of_libcurl() {
  static const Idn2 &idn2 = *new Idn2;
  return idn2;
}

}  // namespace

std::string to_ascii_host(const std::string &host) {
  const Idn2 &idn2 = idn2_of_libcurl();
  if (idn2.to_ascii == nullptr || idn2.release == nullptr) return {};
  char *ascii = nullptr;
  if (idn2.to_ascii(host.c_str(), &ascii, nfc_input | nontransitional) != 0) return {};
  std::string result(ascii);
  idn2.release(ascii);
  return result;
}

int look_up_host(const char *host, char **ascii, int flags) noexcept {
  constexpr int no_codeset = -101;  // IDN2_NO_CODESET
  const Idn2 &idn2 = idn2_of_libcurl();
  return idn2.to_ascii == nullptr ? no_codeset : idn2.to_ascii(host, ascii, flags);
}

}  // namespace luvcurl

// The hosts of a Location go from libcurl to libidn2. Its look-up by the process's locale is this
// one, of UTF-8, where luvcurl is what has libcurl loaded (as in stream_resets.cpp).
extern "C" __attribute__((visibility("default"))) int idn2_lookup_ul(const char *host, char **ascii,
                                                                     int flags) {
  return luvcurl::look_up_host(host, ascii, flags);
}
