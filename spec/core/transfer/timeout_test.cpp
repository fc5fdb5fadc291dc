// luvcurl's own timeouts: those that libcurl has none for.
#include "support/rig.h"

namespace luvcurl::spec {
namespace {

class TimeoutTest : public Rig {
 protected:
  static std::uint64_t now() { return uv_hrtime() / 1000000; }

  std::shared_ptr<Record> expect_timeout(const std::function<void(Request &)> &change,
                                         const char *what, std::uint64_t at_least) {
    auto record = std::make_shared<Record>();
    const std::uint64_t began = now();
    get(record, "/", change);
    EXPECT_TRUE(host_.run());
    EXPECT_EQ(record->outcome.code, CURLE_OPERATION_TIMEDOUT) << record->outcome.message;
    EXPECT_NE(record->outcome.message.find(what), std::string::npos) << record->outcome.message;
    EXPECT_GE(now() - began + 2, at_least);
    EXPECT_LT(now() - began, at_least + 2000);
    return record;
  }

  Silence silence_;
};

TEST_F(TimeoutTest, FirstByte) {
  handler_ = std::ref(silence_);
  const auto record = expect_timeout([](Request &request) { request.timeouts.first_byte = 100; },
                                     "first_byte", 100);
  EXPECT_EQ(record->outcome.phase, Phase::wait);
}

TEST_F(TimeoutTest, FirstByteIsAboutTheResponseOnly) {
  handler_ = [this](Exchange &exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
    silence_(exchange);
  };
  auto record = std::make_shared<Record>();
  get(record, "/", [](Request &request) { request.timeouts.first_byte = 500; });
  ASSERT_TRUE(host_.run_until([&] { return !silence_.exchanges.empty(); }));
  host_.run_for(750);
  EXPECT_EQ(record->done, 0);
  silence_.exchanges[0].send("late");
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->body, "late");
}

TEST_F(TimeoutTest, Idle) {
  handler_ = [](Exchange &exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome");
  };
  const auto record =
      expect_timeout([](Request &request) { request.timeouts.idle = 100; }, "idle", 100);
  EXPECT_EQ(record->outcome.phase, Phase::body);
}

TEST_F(TimeoutTest, IdleAfterHeadersWithoutAByteOfBody) {
  handler_ = [](Exchange &exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
  };
  expect_timeout([](Request &request) { request.timeouts.idle = 100; }, "idle", 100);
}

TEST_F(TimeoutTest, IdleStartsAnewWithEveryByte) {
  handler_ = [this](Exchange &exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    silence_(exchange);
  };
  auto record = std::make_shared<Record>();
  get(record, "/", [](Request &request) { request.timeouts.idle = 300; });
  ASSERT_TRUE(host_.run_until([&] { return !silence_.exchanges.empty(); }));
  for (int i = 0; i < 5; ++i) {
    host_.run_for(100);
    silence_.exchanges.at(0).send("x");
  }
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->outcome.code, CURLE_OK) << record->outcome.message;
  EXPECT_EQ(record->body, "xxxxx");
}

TEST_F(TimeoutTest, IdleDoesNotCountAPause) {
  handler_ = [this](Exchange &exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsome");
    silence_(exchange);
  };
  auto record = std::make_shared<Record>();
  const auto transfer = get(record, "/", [](Request &request) {
    request.timeouts.idle = 300;
    request.streaming = true;
  });
  ASSERT_TRUE(host_.run_until([&] { return record->body == "some"; }));
  transfer->pause();
  host_.run_for(700);
  EXPECT_EQ(record->done, 0);
  transfer->resume();
  host_.run_for(100);  // less than idle: the clock starts when the pause ends
  EXPECT_EQ(record->done, 0) << record->outcome.message;
  silence_.exchanges[0].send("more");
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->outcome.code, CURLE_OK) << record->outcome.message;
  EXPECT_EQ(record->body, "somemore");
}

TEST_F(TimeoutTest, TheQueueCounts) {
  multi_ = std::make_shared<Multi>(host_.luvcurl(), Settings{0, 0, 1});
  handler_ = std::ref(silence_);
  auto first = std::make_shared<Record>();
  get(first);
  const auto record = std::make_shared<Record>();
  get(record, "/", [](Request &request) { request.timeouts.total = 100; });
  ASSERT_TRUE(host_.run_until([&] { return record->done == 1; }));
  EXPECT_EQ(record->outcome.code, CURLE_OPERATION_TIMEDOUT);
  EXPECT_EQ(record->outcome.phase, Phase::queue);
  EXPECT_EQ(first->done, 0);
  multi_->close();
  ASSERT_TRUE(host_.run());
}

TEST_F(TimeoutTest, LibcurlsOwn) {
  handler_ = std::ref(silence_);
  expect_timeout([](Request &request) { request.options = seal({number("timeout_ms", 100)}); }, "",
                 100);
}

TEST_F(TimeoutTest, TheEarliestOfManyComesFirst) {
  handler_ = std::ref(silence_);
  std::string order;
  for (const int milliseconds : {300, 100, 200}) {
    auto record = std::make_shared<Record>();
    record->on_done = [&order, milliseconds](Transfer &) {
      order += std::to_string(milliseconds) + " ";
    };
    get(record, "/", [milliseconds](Request &request) {
      request.timeouts.first_byte = static_cast<std::uint64_t>(milliseconds);
    });
  }
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(order, "100 200 300 ");
}

// What starts after a long computation has its whole time.
TEST_F(TimeoutTest, ABusyHostDoesNotShortenWhatStartsAfterwards) {
  handler_ = [this](Exchange &exchange) { silence_(exchange); };
  uv_update_time(host_.loop());
  const std::uint64_t until = now() + 200;
  while (now() < until) {
  }
  expect_timeout([](Request &request) { request.timeouts.first_byte = 150; }, "first_byte", 150);
}

}  // namespace
}  // namespace luvcurl::spec
