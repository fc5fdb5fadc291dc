#include "core/curl/headers.h"

#include <gtest/gtest.h>

#include "support/host.h"
#include "support/recorder.h"
#include "support/server.h"

namespace luvcurl::spec {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(HeadersLine, ReadsTheStatusLine) {
  Headers headers;
  EXPECT_EQ(headers.line("HTTP/1.1 404 Not Found\r\n"), Headers::Line::status);
  EXPECT_EQ(headers.status(), 404);
  EXPECT_EQ(headers.reason(), "Not Found");
  EXPECT_EQ(headers.line("HTTP/2 200 \r\n"), Headers::Line::status);
  EXPECT_EQ(headers.status(), 200);
  EXPECT_EQ(headers.reason(), "");
  // Not every caller has a terminator behind the view.
  const std::string padded = "HTTP/1.1 2000000";
  EXPECT_EQ(headers.line(std::string_view(padded).substr(0, 12)), Headers::Line::status);
  EXPECT_EQ(headers.status(), 200);
  EXPECT_EQ(headers.line("HTTP/1.1\r\n"), Headers::Line::status);
  EXPECT_EQ(headers.status(), 0);
}

TEST(HeadersLine, KeepsTheLocationsOfTheLastResponse) {
  Headers headers;
  headers.line("HTTP/1.1 302 Found\r\n");
  EXPECT_EQ(headers.line("LOCATION:  /next \r\n"), Headers::Line::field);
  headers.line("Location:\r\n");
  headers.line("Location : /not-one\r\n");
  headers.line("Locations: /nor-this\r\n");
  headers.line("location:/other\r\n");
  EXPECT_EQ(headers.line("\r\n"), Headers::Line::end);
  EXPECT_EQ(headers.locations(), (std::vector<std::string_view>{"/next", "/other"}));
  headers.line("HTTP/1.1 200 OK\r\n");
  EXPECT_TRUE(headers.locations().empty());
}

TEST(HeadersLine, ResponsesAreNotOfHttpOnly) {
  for (const char *line : {"ICY 200 OK\r\n", "RTSP/1.0 200 OK\r\n", "SOURCETABLE 200\r\n"}) {
    Headers headers;
    EXPECT_EQ(headers.line(line), Headers::Line::status) << line;
    EXPECT_EQ(headers.status(), 200) << line;
    EXPECT_EQ(headers.line("X 200 OK\r\n"), Headers::Line::field) << line;
    EXPECT_EQ(headers.line("\r\n"), Headers::Line::end) << line;
  }
  const std::vector<std::string> aliases = {"Yes, here"};
  Headers headers;
  EXPECT_EQ(headers.line("yes, HERE it is 404\r\n", &aliases), Headers::Line::status);
  EXPECT_EQ(headers.status(), 200);
  EXPECT_EQ(headers.line("Yes, here: 1\r\n", &aliases), Headers::Line::field);
}

TEST(HeadersLine, WhatOtherProtocolsSayIsNoStatusLine) {
  for (const char *line :
       {"220 200 ready\r\n", "230-a 200\r\n", "* OK 200\r\n", "A001 OK\r\n", "+OK 200\r\n",
        "X: 200 a\r\n", "ICY 2000\r\n", "ICY 20\r\n", "ICY\r\n"}) {
    Headers headers;
    EXPECT_EQ(headers.line(line), Headers::Line::field) << line;
    EXPECT_EQ(headers.status(), 0) << line;
  }
}

TEST(HeadersLine, KnowsAnUnclearLength) {
  const auto is_unclear = [](std::initializer_list<const char *> lines) {
    Headers headers;
    headers.line("HTTP/1.1 200 OK\r\n");
    for (const char *line : lines) headers.line(line);
    const bool unclear = headers.length_is_unclear();
    headers.line("\r\n");
    headers.line("HTTP/1.1 200 OK\r\n");
    EXPECT_FALSE(headers.length_is_unclear());
    return unclear;
  };
  EXPECT_FALSE(is_unclear({"Content-Length: 5\r\n"}));
  EXPECT_FALSE(is_unclear({"Content-Length: 5\r\n", "content-length:05 \r\n"}));
  EXPECT_FALSE(is_unclear({"Content-Lengths: a\r\n", "Content-Lengt5:\r\n"}));
  EXPECT_FALSE(is_unclear({"Content-Length: 9223372036854775807\r\n"}));
  EXPECT_TRUE(is_unclear({"Content-Length: 9223372036854775808\r\n"}));
  EXPECT_TRUE(is_unclear({"Content-Length: 18446744073709551616\r\n"}));
  EXPECT_TRUE(is_unclear({"Content-Length: 5\r\n", "X: y\r\n", "CONTENT-LENGTH: 6\r\n"}));
  for (const char *line :
       {"Content-Length: +5\r\n", "Content-Length: -5\r\n", "Content-Length: 5, 5\r\n",
        "Content-Length: 0x5\r\n", "Content-Length:\r\n"})
    EXPECT_TRUE(is_unclear({line})) << line;
}

TEST(HeadersLine, CountsHops) {
  Headers headers;
  headers.line("HTTP/1.1 302 Found\r\n");
  headers.line("\r\n");
  headers.redirected("http://h/1");
  headers.line("HTTP/1.1 100 Continue\r\n");
  headers.line("\r\n");
  headers.line("HTTP/1.1 301 Moved\r\n");
  headers.line("\r\n");
  headers.redirected("http://h/2");
  headers.line("HTTP/1.1 200 OK\r\n");
  headers.line("\r\n");
  ASSERT_EQ(headers.hops().size(), 2U);
  EXPECT_EQ(headers.hops()[0].response, 0);
  EXPECT_EQ(headers.hops()[0].status, 302);
  EXPECT_EQ(headers.hops()[1].response, 1);
  EXPECT_EQ(headers.hops()[1].status, 301);
  EXPECT_EQ(headers.hops()[1].url, "http://h/2");
  headers.clear();
  EXPECT_TRUE(headers.hops().empty());
  EXPECT_EQ(headers.status(), 0);
}

TEST(HeadersLine, ATrailerIsNoStatusLine) {
  Headers headers;
  headers.line("HTTP/1.1 200 OK\r\n");
  headers.line("\r\n");
  headers.body_began();
  EXPECT_EQ(headers.line("HTTP/1.1 500 Sorry\r\n"), Headers::Line::field);
  EXPECT_EQ(headers.status(), 200);
}

Pairs all(const Headers &headers, Headers::Kind kind, int response = -1) {
  Pairs pairs;
  headers.each(kind, response, [&](std::string_view name, std::string_view value) {
    pairs.emplace_back(std::string(name), std::string(value));
  });
  return pairs;
}

void feed(Headers &headers, std::initializer_list<const char *> lines) {
  for (const char *line : lines) headers.line(line);
}

TEST(HeadersLine, KeepsTheLines) {
  Headers headers;
  feed(headers, {"HTTP/1.1 200 OK\r\n", "X-Two: 1\r\n", "x-one:2\r\n", "X-Two:  3 \r\n",
                 "Empty:\r\n", "\r\n"});
  EXPECT_EQ(all(headers, Headers::Kind::header),
            (Pairs{{"X-Two", "1"}, {"x-one", "2"}, {"X-Two", "3"}, {"Empty", ""}}));
  EXPECT_TRUE(all(headers, Headers::Kind::trailer).empty());
}

TEST(HeadersLine, TellsResponsesInformationalAndTrailersApart) {
  Headers headers;
  feed(headers, {"HTTP/1.1 302 Found\r\n", "Hop: a\r\n", "\r\n",            //
                 "HTTP/1.1 103 Early Hints\r\n", "Link: </a>\r\n", "\r\n",  //
                 "HTTP/1.1 200 OK\r\n", "Hop: b\r\n", "\r\n"});
  headers.body_began();
  feed(headers, {"X-Sum: 6\r\n", "\r\n"});
  EXPECT_EQ(all(headers, Headers::Kind::header, 0), (Pairs{{"Hop", "a"}}));
  EXPECT_EQ(all(headers, Headers::Kind::header), (Pairs{{"Hop", "b"}}));
  EXPECT_EQ(all(headers, Headers::Kind::informational), (Pairs{{"Link", "</a>"}}));
  EXPECT_EQ(all(headers, Headers::Kind::trailer), (Pairs{{"X-Sum", "6"}}));
}

TEST(HeadersLine, ANulByteCannotShiftWhatFollows) {
  Headers headers;
  headers.line("HTTP/1.1 200 OK\r\n");
  headers.line(std::string_view("A\0B: 1\0 2\r\n", 11));
  headers.line("C: 3\r\n");
  EXPECT_EQ(all(headers, Headers::Kind::header), (Pairs{{"A", "1"}, {"C", "3"}}));
}

TEST(HeadersLine, ALineWithoutColonIsDropped) {
  Headers headers;
  feed(headers, {"HTTP/1.1 200 OK\r\n", "nonsense\r\n", "A: 1\r\n", "\r\n"});
  EXPECT_EQ(all(headers, Headers::Kind::header), (Pairs{{"A", "1"}}));
}

TEST(HeadersLine, AFoldedLineGoesOnWithTheOneBefore) {
  Headers headers;
  feed(headers,
       {" lost\r\n", "HTTP/1.1 200 OK\r\n", "A: 1\r\n", "\t and 2\r\n", "B: 3\r\n", "\r\n"});
  EXPECT_EQ(all(headers, Headers::Kind::header), (Pairs{{"A", "1 and 2"}, {"B", "3"}}));
}

TEST(HeadersLine, TrailersOfAnEmptyBodyAreTrailers) {
  Headers headers;
  feed(headers, {"HTTP/1.1 200 OK\r\n", "A: 1\r\n", "\r\n", "X-Sum: 0\r\n", "\r\n"});
  EXPECT_EQ(all(headers, Headers::Kind::header), (Pairs{{"A", "1"}}));
  EXPECT_EQ(all(headers, Headers::Kind::trailer), (Pairs{{"X-Sum", "0"}}));
}

TEST(HeadersLine, KnowsWhetherTheyHaveEnded) {
  Headers headers;
  EXPECT_FALSE(headers.in_block());
  feed(headers, {"HTTP/1.1 103 Early\r\n", "A: 1\r\n"});
  EXPECT_TRUE(headers.in_block());
  feed(headers, {"\r\n"});
  EXPECT_FALSE(headers.in_block());
}

TEST(HeadersLine, CountsTheBytesOfOneResponse) {
  Headers headers;
  const std::string half(Headers::most / 2, 'x');
  feed(headers,
       {"HTTP/1.1 302 Found\r\n", half.c_str(), "\r\n", "HTTP/1.1 200 OK\r\n", half.c_str()});
  EXPECT_FALSE(headers.excessive());
  feed(headers, {"\r\n", half.c_str()});
  EXPECT_TRUE(headers.excessive());
}

// A line takes its time however short it is.
TEST(HeadersLine, CountsEachLineBesides) {
  Headers headers;
  feed(headers, {"HTTP/1.1 200 OK\r\n"});
  std::size_t lines = 0;
  while (!headers.excessive() && lines < Headers::most) {
    feed(headers, {"a:\r\n"});
    ++lines;
  }
  EXPECT_LT(lines, Headers::most / 32);
}

class HeadersTest : public ::testing::Test {
 protected:
  std::shared_ptr<Record> get(const std::string &target, bool follow = false) {
    auto record = std::make_shared<Record>();
    begin(*multi_, server_.url(target), record, [&](Request &request) {
      if (follow) request.options = seal({number("followlocation", 1)});
    });
    EXPECT_TRUE(host_.run());
    return record;
  }

  PlainHost host_;
  Server server_{host_.loop(), [this](Exchange &exchange) { handler_(exchange); }};
  std::shared_ptr<Multi> multi_ = std::make_shared<Multi>(host_.luvcurl(), Settings{});
  std::function<void(Exchange &)> handler_;
};

TEST_F(HeadersTest, KeepOrderCaseAndRepeats) {
  handler_ = [](Exchange &exchange) {
    exchange.send(
        "HTTP/1.1 200 Fine\r\nX-Two: 1\r\nx-one:2\r\nX-Two:  3 \r\nEmpty:\r\nContent-Length: "
        "0\r\n\r\n");
  };
  const auto record = get("/");
  EXPECT_EQ(
      record->headers,
      (Pairs{
          {"X-Two", "1"}, {"x-one", "2"}, {"X-Two", "3"}, {"Empty", ""}, {"Content-Length", "0"}}));
}

TEST_F(HeadersTest, TellInformationalAndTrailersApart) {
  handler_ = [](Exchange &exchange) {
    exchange.send(
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
        "3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n");
  };
  const auto record = get("/");
  EXPECT_EQ(record->body, "abc");
  EXPECT_EQ(record->informational, (Pairs{{"Link", "</a>"}}));
  EXPECT_EQ(record->trailers, (Pairs{{"X-Sum", "6"}}));
  EXPECT_EQ(record->headers, (Pairs{{"Transfer-Encoding", "chunked"}, {"Trailer", "X-Sum"}}));
}

TEST_F(HeadersTest, TheLastResponseIsTheOneAfterTheRedirects) {
  handler_ = [](Exchange &exchange) {
    if (exchange.target == "/a")
      return exchange.reply(302, "ignored", "Location: /b\r\nX-Hop: a\r\n");
    if (exchange.target == "/b") return exchange.reply(301, "", "Location: /c\r\nX-Hop: b\r\n");
    exchange.reply(200, "end", "X-Hop: c\r\n");
  };
  auto record = std::make_shared<Record>();
  std::vector<std::string> hops;
  record->on_done = [&](Transfer &transfer) {
    for (int response = 0; response < 3; ++response) {
      transfer.headers().each(Headers::Kind::header, response,
                              [&](std::string_view name, std::string_view value) {
                                if (name == "X-Hop") hops.emplace_back(value);
                              });
    }
  };
  begin(*multi_, server_.url("/a"), record,
        [](Request &request) { request.options = seal({number("followlocation", 1)}); });
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->body, "end");
  EXPECT_EQ(record->status, 200);
  EXPECT_EQ(hops, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(record->headers, (Pairs{{"Content-Length", "3"}, {"X-Hop", "c"}}));
  ASSERT_EQ(record->hops.size(), 2U);
  EXPECT_EQ(record->hops[0].url, server_.url("/a"));
  EXPECT_EQ(record->hops[1].url, server_.url("/b"));
  EXPECT_EQ(record->hops[1].status, 301);
  EXPECT_EQ(record->url, server_.url("/c"));
}

TEST_F(HeadersTest, AnswerToAChallengeHasItsOwn) {
  handler_ = [](Exchange &exchange) {
    if (exchange.headers.count("authorization") == 0)
      return exchange.reply(401, "who?",
                            "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\nX-Hop: a\r\n");
    exchange.reply(200, "you", "X-Hop: b\r\n");
  };
  auto record = std::make_shared<Record>();
  begin(*multi_, server_.url(), record, [](Request &request) {
    request.wants_response = true;
    request.options = seal({text("userpwd", "me:secret"), number("httpauth", CURLAUTH_DIGEST)});
  });
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->calls, (std::vector<std::string>{"response", "done"}));
  EXPECT_EQ(record->body, "you");
  EXPECT_EQ(record->headers, (Pairs{{"Content-Length", "3"}, {"X-Hop", "b"}}));
}

// libcurl sends a request anew without Expect where a server refuses that: the refusal is not the
// answer.
TEST_F(HeadersTest, ARefusedExpectationIsNotTheAnswer) {
  handler_ = [](Exchange &exchange) {
    if (exchange.headers.count("expect") != 0) {
      exchange.send("HTTP/1.1 417 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      return exchange.close();
    }
    exchange.reply(200, "taken", "X-Hop: b\r\n");
  };
  auto record = std::make_shared<Record>();
  long status = 0;
  record->on_response = [&](Transfer &transfer) { status = transfer.headers().status(); };
  const std::string body = "small";
  begin(*multi_, server_.url(), record, [&](Request &request) {
    request.wants_response = true;
    request.body = BodyKind::bytes;
    request.bytes = body;
    request.options = seal({list("httpheader", {"Expect: 100-continue"})});
  });
  ASSERT_TRUE(host_.run());
  if (record->status == 417) GTEST_SUCCEED() << "this libcurl hands the refusal on";
  EXPECT_EQ(status, record->status) << "what response() saw is what the transfer ended with";
  EXPECT_EQ(record->calls, (std::vector<std::string>{"response", "done"}));
}

}  // namespace
}  // namespace luvcurl::spec
