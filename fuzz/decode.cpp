// Bodies to be unfolded: the first byte says by which coding, the second in which pieces they come
// and are taken; what comes out must not depend on those.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/decode/unfolding.h"

using luvcurl::decode::Coding;
using luvcurl::decode::Unfolding;

namespace {

struct Outcome {
  std::string text;
  bool whole;
};

Outcome unfold(const std::vector<Coding> &codings, std::string_view bytes, std::size_t in,
               std::size_t out) {
  constexpr std::size_t enough = 1 << 20;
  Unfolding unfolding(codings);
  std::string text, room(out, '\0');
  for (; !bytes.empty(); bytes.remove_prefix(std::min(in, bytes.size()))) {
    unfolding.feed(bytes.data(), std::min(in, bytes.size()));
    while (!unfolding.is_idle() && text.size() < enough)
      text.append(room, 0, unfolding.step(&room[0], room.size()));
    if (unfolding.is_broken() || text.size() >= enough) break;
  }
  return {text.substr(0, enough), text.size() < enough && unfolding.is_whole()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
  if (size < 2) return 0;
  std::vector<Coding> codings;
  for (unsigned int rest = bytes[0] % 32U; codings.empty() || rest != 0; rest /= 5)
    codings.push_back(static_cast<Coding>(rest % 5 % 4));
  const std::string_view body(reinterpret_cast<const char *>(bytes) + 2, size - 2);
  const Outcome at_once = unfold(codings, body, body.size(), 65536);
  const Outcome cut = unfold(codings, body, bytes[1] % 16U + 1, bytes[1] / 16U * 16 + 1);
  if (at_once.whole != cut.whole) std::abort();
  if (at_once.whole && at_once.text != cut.text) std::abort();
  return 0;
}
