#include <gtest/gtest.h>

#include "support/host.h"
#include "support/recorder.h"
#include "support/server.h"

namespace luvcurl::spec {
namespace {

// "/to/…" of the first server redirects to another path of it, "/away/…" to the second server, with
// the status that follows. Everything else answers with what it was asked.
class RedirectTest : public ::testing::Test {
 protected:
  void handle(Exchange &exchange) {
    requests_.push_back(exchange);
    const auto redirect = [&](const std::string &prefix, const std::string &location) {
      if (exchange.target.compare(0, prefix.size(), prefix) != 0) return false;
      exchange.reply(std::stoi(exchange.target.substr(prefix.size())), "",
                     "Location: " + location + "\r\n");
      return true;
    };
    if (redirect("/to/", "/end") || redirect("/away/", other_.url("/end"))) return;
    exchange.reply(200, exchange.method + " " + exchange.target);
  }

  std::shared_ptr<Record> request(const std::string &target, const std::string &method,
                                  const std::string &body = {}) {
    std::vector<Option> options = {
        number("followlocation", 1),
        list("httpheader", {"X-Api-Key: secret", "Authorization: Bearer secret", "Cookie: secret=1",
                            "X-JWT: secret", "Accept-Language: fine",
                            "User-Agent:", "Content-Type: text/plain", "Content-Language: en"})};
    if (method != "GET") options.push_back(text("customrequest", method));
    auto record = std::make_shared<Record>();
    begin(*multi_, server_.url(target), record, [&](Request &request) {
      request.options = seal(options);
      if (body.empty()) return;
      request.body = BodyKind::bytes;
      request.bytes = body;
    });
    EXPECT_TRUE(host_.run());
    return record;
  }

  bool has(std::size_t index, const char *name) const {
    return requests_.at(index).headers.count(name) != 0;
  }

  PlainHost host_;
  Server server_{host_.loop(), [this](Exchange &exchange) { handle(exchange); }};
  Server other_{host_.loop(), [this](Exchange &exchange) { handle(exchange); }};
  std::shared_ptr<Multi> multi_ = std::make_shared<Multi>(host_.luvcurl(), Settings{});
  std::vector<Exchange> requests_;
};

TEST_F(RedirectTest, TheSameServerGetsAllHeaders) {
  const auto record = request("/to/302", "GET");
  EXPECT_EQ(record->body, "GET /end");
  ASSERT_EQ(requests_.size(), 2U);
  for (const char *name : {"x-api-key", "authorization", "cookie", "x-jwt", "accept-language"})
    EXPECT_TRUE(has(1, name)) << name;
}

TEST_F(RedirectTest, AnotherServerGetsNoSecrets) {
  const auto record = request("/away/302", "GET");
  EXPECT_EQ(record->body, "GET /end");
  ASSERT_EQ(requests_.size(), 2U);
  for (const char *name : {"x-api-key", "authorization", "cookie", "x-jwt"}) {
    EXPECT_TRUE(has(0, name)) << name;
    EXPECT_FALSE(has(1, name)) << name;
  }
  EXPECT_TRUE(has(1, "accept-language"));
}

TEST_F(RedirectTest, WhatWasDroppedIsBackForTheNextRequest) {
  request("/away/302", "GET");
  request("/end", "GET");
  ASSERT_EQ(requests_.size(), 3U);
  for (const char *name : {"x-api-key", "authorization", "cookie", "x-jwt", "accept-language"})
    EXPECT_TRUE(has(2, name)) << name;
}

TEST_F(RedirectTest, SeeOtherTurnsAnyMethodIntoGet) {
  for (const char *method : {"PUT", "DELETE", "PATCH"}) {
    requests_.clear();
    EXPECT_EQ(request("/to/303", method, "body")->body, "GET /end") << method;
    ASSERT_EQ(requests_.size(), 2U);
    EXPECT_EQ(requests_[0].method, method);
    EXPECT_EQ(requests_[0].body, "body");
    EXPECT_EQ(requests_[1].body, "");
    for (const char *name : {"content-type", "content-language", "content-length"})
      EXPECT_FALSE(has(1, name)) << name;
  }
}

TEST_F(RedirectTest, AMethodThatSeeOtherChangedIsBackForTheNextRequest) {
  request("/to/303", "PUT", "body");
  EXPECT_EQ(request("/end", "PUT", "body")->body, "PUT /end");
}

TEST_F(RedirectTest, TemporaryAndPermanentRedirectKeepMethodAndBody) {
  for (const char *status : {"307", "308"}) {
    requests_.clear();
    EXPECT_EQ(request(std::string("/to/") + status, "PUT", "body")->body, "PUT /end") << status;
    ASSERT_EQ(requests_.size(), 2U);
    EXPECT_EQ(requests_[1].body, "body") << status;
    EXPECT_TRUE(has(1, "content-language")) << status;
  }
}

TEST_F(RedirectTest, IsTheResponseWhenNotFollowed) {
  auto record = std::make_shared<Record>();
  begin(*multi_, server_.url("/to/302"), record,
        [](Request &request) { request.wants_response = true; });
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->status, 302);
  EXPECT_EQ(record->calls, (std::vector<std::string>{"response", "done"}));
  EXPECT_TRUE(record->hops.empty());
}

TEST_F(RedirectTest, ResponseIsToldOnceForTheLastOne) {
  auto record = std::make_shared<Record>();
  long status = 0;
  record->on_response = [&](Transfer &transfer) { status = transfer.headers().status(); };
  begin(*multi_, server_.url("/to/302"), record, [](Request &request) {
    request.options = seal({number("followlocation", 1)});
    request.wants_response = true;
  });
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(status, 200);
  EXPECT_EQ(record->calls, (std::vector<std::string>{"response", "done"}));
}

TEST_F(RedirectTest, TooManyAreAnError) {
  auto record = std::make_shared<Record>();
  begin(*multi_, server_.url("/to/302"), record, [](Request &request) {
    request.options = seal({number("followlocation", 1), number("maxredirs", 0)});
  });
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->outcome.code, CURLE_TOO_MANY_REDIRECTS);
}

}  // namespace
}  // namespace luvcurl::spec
