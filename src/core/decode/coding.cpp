#include "core/decode/coding.h"

#include <algorithm>
#include <cctype>

namespace luvcurl::decode {

namespace {

struct Name {
  std::string_view text;
  Coding coding;
};

// An Accept-Encoding names them in this order, which is libcurl's.
constexpr Name names[] = {
#ifdef LUVCURL_HAS_ZLIB
    {"deflate", Coding::deflate},
    {"gzip", Coding::gzip},
    {"x-gzip", Coding::gzip},
#endif
#ifdef LUVCURL_HAS_BROTLI
    {"br", Coding::brotli},
#endif
#ifdef LUVCURL_HAS_ZSTD
    {"zstd", Coding::zstd},
#endif
    {"", Coding::gzip}};

bool is_space(char c) { return c == ' ' || c == '\t'; }

bool is_name(std::string_view text, std::string_view name) {
  return std::equal(text.begin(), text.end(), name.begin(), name.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  });
}

std::string all_names() {
  std::string all;
  for (const Name &name : names) {
    if (name.text.empty() || name.text == "x-gzip") continue;
    if (!all.empty()) all += ", ";
    all += name.text;
  }
  return all.empty() ? "identity" : all;
}

}  // namespace

const char *name_of(Coding coding) {
  switch (coding) {
    case Coding::gzip:
      return "gzip";
    case Coding::deflate:
      return "deflate";
    case Coding::brotli:
      return "br";
    case Coding::zstd:
      return "zstd";
  }
  return "";
}

const std::string &supported() {
  // Never destroyed: other threads may be at work while the process ends.
  static const std::string &all = *new std::string(all_names());
  return all;
}

template <class Visit>
void Codings::each(std::string_view list, Visit &&visit) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string_view name = list.substr(0, comma);
    while (!name.empty() && is_space(name.front())) name.remove_prefix(1);
    while (!name.empty() && is_space(name.back())) name.remove_suffix(1);
    visit(name);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

void Codings::add(std::string_view list) {
  each(list, [this](std::string_view name) { add_one(name); });
}

void Codings::add_transfer(std::string_view list) {
  each(list, [this](std::string_view name) {
    if (!is_name(name, "chunked")) add_one(name);
  });
}

void Codings::add_one(std::string_view name) {
  if (name.empty() || is_name(name, "identity") || is_name(name, "none")) return;
  const Name *const known =
      std::find_if(std::begin(names), std::end(names) - 1,
                   [name](const Name &one) { return is_name(name, one.text); });
  if (known == std::end(names) - 1) {
    unknown_ = true;
  } else if (!too_many()) {  // one too many is enough to know
    codings_.push_back(known->coding);
  }
}

}  // namespace luvcurl::decode
