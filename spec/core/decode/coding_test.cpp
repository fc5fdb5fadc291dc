// What a Content-Encoding says.
#include "core/decode/coding.h"

#include <gtest/gtest.h>

namespace luvcurl::spec {
namespace {

using decode::Coding;
using decode::Codings;

Codings read(std::string_view list) {
  Codings codings;
  codings.add(list);
  return codings;
}

TEST(CodingTest, AListIsInTheOrderOfItsApplication) {
  const Codings codings = read("gzip , BR,\tzstd, deflate");
  EXPECT_EQ(codings.list(),
            (std::vector<Coding>{Coding::gzip, Coding::brotli, Coding::zstd, Coding::deflate}));
  EXPECT_FALSE(codings.empty());
  EXPECT_FALSE(codings.too_many());
}

TEST(CodingTest, SeveralHeadersAreOneList) {
  Codings codings = read("gzip");
  codings.add("x-gzip");
  EXPECT_EQ(codings.list(), (std::vector<Coding>{Coding::gzip, Coding::gzip}));
}

TEST(CodingTest, WhatSaysNothingIsNothing) {
  for (const char *list : {"", ",", " , ,", "identity", "Identity, none"})
    EXPECT_TRUE(read(list).empty()) << list;
  EXPECT_EQ(read("identity, gzip,").list(), std::vector<Coding>{Coding::gzip});
}

TEST(CodingTest, WhatNobodyKnowsLeavesTheBytesAsTheyCame) {
  for (const char *list : {"utf-8", "aws-chunked", "gzip, aws-chunked", "utf-8, gzip", "gzi",
                           "gzipp", "gzip br", "compress"})
    EXPECT_TRUE(read(list).empty()) << list;
}

TEST(CodingTest, EndlessCodingsAreTooMany) {
  std::string list;
  for (std::size_t i = 0; i < decode::most_codings; ++i) list += "gzip, ";
  EXPECT_FALSE(read(list).too_many());
  EXPECT_TRUE(read(list + "br").too_many());
  for (int i = 0; i < 1000; ++i) list += "gzip, ";
  EXPECT_LE(read(list).list().size(), decode::most_codings + 1);
}

TEST(CodingTest, ATransferEncodingMayBeChunked) {
  Codings codings;
  codings.add_transfer("gzip, Chunked");
  EXPECT_EQ(codings.list(), std::vector<Coding>{Coding::gzip});
  EXPECT_FALSE(codings.has_unknown());
  codings.add_transfer("xyz");
  EXPECT_TRUE(codings.has_unknown());
}

TEST(CodingTest, AServerIsAskedForWhatCanBeUndone) {
  EXPECT_EQ(decode::supported(), "deflate, gzip, br, zstd");
}

}  // namespace
}  // namespace luvcurl::spec
