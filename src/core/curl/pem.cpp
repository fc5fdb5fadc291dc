#include "core/curl/pem.h"

#include <array>
#include <cstdint>

namespace luvcurl {

namespace {

constexpr std::string_view dashes = "-----BEGIN ";
constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view end = "-----END CERTIFICATE-----";

constexpr std::array<std::int8_t, 256> make_values() {
  std::array<std::int8_t, 256> values{};
  for (auto &value : values) value = -1;
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  return values;
}

bool decode_base64(std::string_view text, std::string *out) {
  static constexpr std::array<std::int8_t, 256> values = make_values();
  out->reserve(text.size() * 3 / 4);
  unsigned int bits = 0;
  int count = 0;
  bool ended = false;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == ' ' || c == '\t') continue;
    if (c == '=') {
      ended = true;
      continue;
    }
    const std::int8_t value = values[static_cast<unsigned char>(c)];
    if (value < 0 || ended) return false;
    bits = (bits << 6U | static_cast<unsigned int>(value)) & 0xFFFFU;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out->push_back(static_cast<char>(bits >> static_cast<unsigned int>(count) & 0xFFU));
  }
  return true;
}

// An element of DER at the start of `*rest`, which is moved behind it.
struct Element {
  unsigned char tag = 0;
  std::string_view content;
  std::string_view whole;
};

bool take(std::string_view *rest, Element *out) {
  const std::string_view all = *rest;
  if (all.size() < 2) return false;
  out->tag = static_cast<unsigned char>(all[0]);
  std::size_t size = static_cast<unsigned char>(all[1]);
  std::size_t head = 2;
  if (size >= 0x80) {
    const std::size_t bytes = size & 0x7FU;
    if (bytes == 0 || bytes > 3 || all.size() < 2 + bytes) return false;
    size = 0;
    for (std::size_t i = 0; i < bytes; ++i)
      size = size << 8U | static_cast<unsigned char>(all[head++]);
  }
  if (all.size() - head < size) return false;
  out->content = all.substr(head, size);
  out->whole = all.substr(0, head + size);
  rest->remove_prefix(head + size);
  return true;
}

// Certificate { tbs { [0] version?, serial, algorithm, issuer, validity, subject, … }, … }
bool find_subject(PemCertificate *certificate) {
  constexpr unsigned char version_tag = 0xA0;
  constexpr unsigned char sequence_tag = 0x30;
  std::string_view rest = certificate->der;
  Element element;
  if (!take(&rest, &element) || element.tag != sequence_tag || !rest.empty()) return false;
  rest = element.content;
  if (!take(&rest, &element) || element.tag != sequence_tag) return false;
  rest = element.content;
  if (!take(&rest, &element) || (element.tag == version_tag && !take(&rest, &element)))
    return false;
  for (int skipped = 0; skipped < 4; ++skipped) {
    if (!take(&rest, &element)) return false;
  }
  certificate->begin = static_cast<std::size_t>(element.whole.data() - certificate->der.data());
  certificate->size = element.whole.size();
  return element.tag == sequence_tag;
}

}  // namespace

bool read_pem(std::string_view text, std::vector<PemCertificate> *out) {
  for (;;) {
    const std::size_t at = text.find(dashes);
    if (at == std::string_view::npos) return !out->empty();
    text.remove_prefix(at);
    const std::size_t stop = text.find(end);
    if (text.substr(0, begin.size()) != begin || stop == std::string_view::npos) return false;
    out->emplace_back();
    if (!decode_base64(text.substr(begin.size(), stop - begin.size()), &out->back().der) ||
        !find_subject(&out->back()))
      return false;
    text.remove_prefix(stop + end.size());
  }
}

}  // namespace luvcurl
