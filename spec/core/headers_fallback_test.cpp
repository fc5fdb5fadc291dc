// The path for libcurl before its header API (7.84), where the lines themselves are kept: the same
// source compiled as if for such a libcurl, under another name.
#include <curl/curl.h>
#include <gtest/gtest.h>

#undef LIBCURL_VERSION_NUM
#define LIBCURL_VERSION_NUM 0x074900
#define Headers FallbackHeaders
#include "core/headers.cpp"  // NOLINT(bugprone-suspicious-include)

namespace luvcurl {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs all(const FallbackHeaders &headers, FallbackHeaders::Kind kind, int response = -1) {
  Pairs pairs;
  headers.each(kind, response, [&](const char *name, std::string_view value) {
    pairs.emplace_back(name, std::string(value));
  });
  return pairs;
}

void feed(FallbackHeaders &headers, std::initializer_list<const char *> lines) {
  for (const char *line : lines) headers.line(line);
  headers.collect(nullptr);
}

TEST(HeadersFallback, KeepsTheLines) {
  FallbackHeaders headers;
  feed(headers, {"HTTP/1.1 200 OK\r\n", "X-Two: 1\r\n", "x-one:2\r\n", "X-Two:  3 \r\n",
                 "Empty:\r\n", "\r\n"});
  EXPECT_EQ(all(headers, FallbackHeaders::Kind::header),
            (Pairs{{"X-Two", "1"}, {"x-one", "2"}, {"X-Two", "3"}, {"Empty", ""}}));
  EXPECT_TRUE(all(headers, FallbackHeaders::Kind::trailer).empty());
}

TEST(HeadersFallback, TellsResponsesInformationalAndTrailersApart) {
  FallbackHeaders headers;
  feed(headers, {"HTTP/1.1 302 Found\r\n", "Hop: a\r\n", "\r\n",            //
                 "HTTP/1.1 103 Early Hints\r\n", "Link: </a>\r\n", "\r\n",  //
                 "HTTP/1.1 200 OK\r\n", "Hop: b\r\n", "\r\n"});
  headers.body_began();
  feed(headers, {"X-Sum: 6\r\n", "\r\n"});
  EXPECT_EQ(all(headers, FallbackHeaders::Kind::header, 0), (Pairs{{"Hop", "a"}}));
  EXPECT_EQ(all(headers, FallbackHeaders::Kind::header), (Pairs{{"Hop", "b"}}));
  EXPECT_EQ(all(headers, FallbackHeaders::Kind::informational), (Pairs{{"Link", "</a>"}}));
  EXPECT_EQ(all(headers, FallbackHeaders::Kind::trailer), (Pairs{{"X-Sum", "6"}}));
}

TEST(HeadersFallback, ANulByteCannotShiftWhatFollows) {
  FallbackHeaders headers;
  headers.line("HTTP/1.1 200 OK\r\n");
  headers.line(std::string_view("A\0B: 1\0 2\r\n", 11));
  headers.line("C: 3\r\n");
  EXPECT_EQ(all(headers, FallbackHeaders::Kind::header), (Pairs{{"A", "1"}, {"C", "3"}}));
}

TEST(HeadersFallback, ALineWithoutColonIsDropped) {
  FallbackHeaders headers;
  feed(headers, {"HTTP/1.1 200 OK\r\n", "nonsense\r\n", "A: 1\r\n", "\r\n"});
  EXPECT_EQ(all(headers, FallbackHeaders::Kind::header), (Pairs{{"A", "1"}}));
}

}  // namespace
}  // namespace luvcurl
