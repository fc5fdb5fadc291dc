// What bodies unfold to, however they are cut, broken or blown up.
#include "core/decode/unfolding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "decode/packer.h"

namespace luvcurl::spec {
namespace {

using decode::Codings;
using decode::Unfolding;

enum class End { whole, cut_short, broken };

struct Outcome {
  End end = End::whole;
  std::string text;
  std::string why;
};

std::vector<decode::Coding> codings_of(std::string_view list) {
  Codings codings;
  codings.add(list);
  return codings.list();
}

// Feeds `bytes` in pieces of `in` bytes and takes pieces of `out`.
Outcome unfold(std::string_view list, std::string_view bytes, std::size_t in = SIZE_MAX,
               std::size_t out = 1000) {
  Unfolding unfolding(codings_of(list));
  Outcome outcome;
  std::string room(out, '\0');
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, in);
    bytes.remove_prefix(piece.size());
    unfolding.feed(piece.data(), piece.size());
    while (!unfolding.is_idle()) {
      const std::size_t size = unfolding.step(room.data(), room.size());
      outcome.text.append(room, 0, size);
    }
  }
  outcome.end = unfolding.is_broken()  ? End::broken
                : unfolding.is_whole() ? End::whole
                                       : End::cut_short;
  outcome.why = unfolding.why();
  return outcome;
}

struct Packer {
  const char *coding;
  std::function<std::string(std::string_view)> pack;
};

const std::vector<Packer> &packers() {
  static const std::vector<Packer> all = {
      {"gzip", &gzip},
      {"deflate", &zlib},
      {"deflate", &raw},
      {"br", [](std::string_view text) { return brotli(text); }},
      {"br", [](std::string_view text) { return brotli(text, 1, 16); }},
      {"zstd", [](std::string_view text) { return zstd(text); }},
      {"br, gzip", [](std::string_view text) { return gzip(brotli(text)); }},
      {"gzip, deflate, zstd, br",
       [](std::string_view text) { return brotli(zstd(raw(gzip(text)))); }},
  };
  return all;
}

std::string some_text() {
  std::string text;
  for (int i = 0; i < 60; ++i)
    text += std::to_string(i * i) + " quick brown foxes jump over lazy dogs\n";
  return text;
}

TEST(UnfoldingTest, ABodyUnfoldsHoweverItIsCut) {
  const std::string text = some_text();
  for (const Packer &packer : packers()) {
    const std::string bytes = packer.pack(text);
    for (const std::size_t in : {std::size_t{1}, std::size_t{7}, std::size_t{SIZE_MAX}}) {
      for (const std::size_t out : {std::size_t{1}, std::size_t{100}, std::size_t{100000}}) {
        const Outcome outcome = unfold(packer.coding, bytes, in, out);
        EXPECT_EQ(outcome.end, End::whole) << packer.coding << ' ' << outcome.why;
        EXPECT_EQ(outcome.text, text) << packer.coding;
      }
    }
  }
}

TEST(UnfoldingTest, AnEmptyTextUnfolds) {
  for (const Packer &packer : packers()) {
    const Outcome outcome = unfold(packer.coding, packer.pack(""), 1);
    EXPECT_EQ(outcome.end, End::whole) << packer.coding << ' ' << outcome.why;
    EXPECT_EQ(outcome.text, "") << packer.coding;
  }
}

TEST(UnfoldingTest, NoBytesAreNoError) {
  for (const Packer &packer : packers())
    EXPECT_EQ(unfold(packer.coding, "").end, End::whole) << packer.coding;
}

TEST(UnfoldingTest, ABodyIsCutShortWhereverItIsCut) {
  const std::string text = some_text();
  for (const Packer &packer : packers()) {
    const std::string bytes = packer.pack(text);
    for (std::size_t size = 1; size < bytes.size(); ++size) {
      const Outcome outcome = unfold(packer.coding, std::string_view(bytes).substr(0, size), 64);
      ASSERT_EQ(outcome.end, End::cut_short) << packer.coding << " at " << size;
      ASSERT_EQ(text.compare(0, outcome.text.size(), outcome.text), 0) << packer.coding;
      ASSERT_NE(outcome.why, "");
    }
  }
}

TEST(UnfoldingTest, WhatHasComeIsGivenOutBeforeMoreComes) {
  const std::string text = some_text();
  const std::string bytes = gzip(text);
  const Outcome outcome = unfold("gzip", std::string_view(bytes).substr(0, bytes.size() - 8));
  EXPECT_EQ(outcome.text, text);
  EXPECT_EQ(outcome.end, End::cut_short);
}

TEST(UnfoldingTest, SomethingElseAfterTheEndIsAnError) {
  for (const Packer &packer : packers()) {
    for (const char *more : {"x", "more of it", "\x1e"}) {
      for (const std::size_t in : {std::size_t{1}, std::size_t{SIZE_MAX}}) {
        // A server that leaves out zlib's header may send its checksum.
        const std::string rest = std::string(4, 'c') + std::string(4, *more) + more;
        const Outcome outcome = unfold(packer.coding, packer.pack("text") + rest, in);
        EXPECT_EQ(outcome.end, End::broken) << packer.coding << ' ' << more;
        EXPECT_EQ(outcome.text, "text");
        EXPECT_NE(outcome.why, "");
      }
    }
  }
}

TEST(UnfoldingTest, MembersOfGzipFollowEachOther) {
  const std::string zeros(700, '\0');
  for (const std::size_t in : {std::size_t{1}, std::size_t{100}, std::size_t{SIZE_MAX}}) {
    EXPECT_EQ(unfold("gzip", gzip("one ") + gzip("two ") + gzip(""), in).text, "one two ");
    for (const std::string &bytes : {gzip("text") + zeros, gzip("te") + zeros + gzip("xt")}) {
      const Outcome outcome = unfold("gzip", bytes, in);
      EXPECT_EQ(outcome.text, "text");
      EXPECT_EQ(outcome.end, End::whole) << outcome.why;
    }
    EXPECT_EQ(unfold("gzip", gzip("one") + gzip("two").substr(0, 9), in).end, End::cut_short);
    EXPECT_EQ(unfold("gzip", gzip("one") + "\x1f", in).end, End::cut_short);
    EXPECT_EQ(unfold("gzip", gzip("one") + "\x1fx", in).end, End::broken);
  }
}

TEST(UnfoldingTest, FramesOfZstdFollowEachOther) {
  const std::string skipped("\x50\x2a\x4d\x18\x03\0\0\0abc", 11);
  const Outcome outcome = unfold("zstd", zstd("one ") + skipped + zstd("two") + skipped, 1);
  EXPECT_EQ(outcome.text, "one two");
  EXPECT_EQ(outcome.end, End::whole) << outcome.why;
}

TEST(UnfoldingTest, AZstdWindowBeyondTheStandardsIsRefused) {
  const std::string text = some_text();
  EXPECT_EQ(unfold("zstd", zstd(text, 23)).end, End::whole);
  EXPECT_EQ(unfold("zstd", zstd(text, 24)).end, End::broken);
}

TEST(UnfoldingTest, AZstdOfBeforeTheStandardIsRefused) {
  for (const char *magic : {"\x25\xb5\x2f\xfd", "\x27\xb5\x2f\xfd"})
    EXPECT_EQ(unfold("zstd", magic + std::string(20, '\x04')).why,
              "zstd: Unknown frame descriptor");
}

TEST(UnfoldingTest, ADeflateWithoutItsHeaderMayHaveAChecksum) {
  const std::string bytes = raw("text");
  for (const std::size_t in : {std::size_t{1}, std::size_t{SIZE_MAX}}) {
    for (std::size_t more = 0; more <= 4; ++more)
      EXPECT_EQ(unfold("deflate", bytes + std::string(more, 'c'), in).end, End::whole) << more;
    EXPECT_EQ(unfold("deflate", bytes + "ccccc", in).end, End::broken);
  }
}

TEST(UnfoldingTest, GarbageIsNamed) {
  const std::string garbage(50, '\xff');
  for (const Packer &packer : packers()) {
    const Outcome outcome = unfold(packer.coding, garbage, 1);
    EXPECT_EQ(outcome.end, End::broken) << packer.coding;
    EXPECT_EQ(outcome.text, "");
  }
  EXPECT_EQ(unfold("gzip", garbage).why, "gzip: incorrect header check");
  EXPECT_EQ(unfold("zstd", garbage).why, "zstd: Unknown frame descriptor");
}

TEST(UnfoldingTest, AChangedByteIsNoticedWhereThereIsAChecksum) {
  const std::string text = some_text();
  for (const auto &pack : {Packer{"gzip", &gzip}, Packer{"deflate", &zlib},
                           Packer{"zstd", [](std::string_view some) { return zstd(some); }}}) {
    const std::string bytes = pack.pack(text);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(~changed[at]);
      const Outcome outcome = unfold(pack.coding, changed);
      if (outcome.end == End::whole) {
        EXPECT_EQ(outcome.text, text) << pack.coding << at;
      }
    }
  }
}

// Steps are bounded whatever comes out: that is what keeps the loop from being held.
TEST(UnfoldingTest, ABombComesOutInPieces) {
  constexpr std::size_t size = 64 * 1024 * 1024, piece = 32 * 1024;
  const std::string zeros(size, '\0');
  const std::pair<const char *, std::string> bombs[] = {
      {"gzip", gzip(zeros)}, {"br", brotli(zeros, 11, 24)},     {"br", brotli(zeros, 1, 18)},
      {"zstd", zstd(zeros)}, {"gzip, gzip", gzip(gzip(zeros))},
  };
  for (const auto &[list, bytes] : bombs) {
    Unfolding unfolding(codings_of(list));
    unfolding.feed(bytes.data(), bytes.size());
    std::string room(piece, '\0');
    std::size_t total = 0, empty = 0;
    while (!unfolding.is_idle()) {
      const std::size_t produced = unfolding.step(room.data(), room.size());
      total += produced;
      empty += produced == 0 ? 1 : 0;
    }
    EXPECT_TRUE(unfolding.is_whole()) << list;
    EXPECT_EQ(total, size) << list;
    EXPECT_LT(empty, size / piece) << list;
  }
}

// The library unfolds as much as its window holds before it can be stopped.
TEST(UnfoldingTest, OnlyALargeWindowOfBrotliIsSlow) {
  const std::string text(300000, 'x');
  const auto is_slow = [](const char *list, const std::string &bytes) {
    Unfolding unfolding(codings_of(list));
    unfolding.feed(bytes.data(), bytes.size());
    char room[1000];
    for (bool slow = false;; slow = unfolding.is_slow()) {
      if (slow || unfolding.is_slow()) return true;
      if (unfolding.is_idle()) return false;
      unfolding.step(room, sizeof room);
    }
  };
  EXPECT_TRUE(is_slow("br", brotli(text, 5, 24)));
  EXPECT_TRUE(is_slow("br", brotli(text, 5, 20)));
  EXPECT_TRUE(is_slow("br, gzip", gzip(brotli(text, 5, 24))));
  EXPECT_FALSE(is_slow("br", brotli(text, 5, 19)));
  EXPECT_FALSE(is_slow("br", brotli(text, 5, 10)));
  EXPECT_FALSE(is_slow("br", brotli(text.substr(0, 60000), 5, 24)));
  EXPECT_FALSE(is_slow("gzip", gzip(text)));
  EXPECT_FALSE(is_slow("zstd", zstd(text)));
}

}  // namespace
}  // namespace luvcurl::spec
