// Bodies on their way: collected, streamed, held back, uploaded.
#include <algorithm>

#include "support/rig.h"

namespace luvcurl::spec {
namespace {

using Calls = std::vector<std::string>;

class BodyFlowTest : public Rig {
 protected:
  static void stream(Request &request) {
    request.streaming = true;
    request.wants_response = true;
  }

  // PUTs from a source that `source` feeds.
  std::shared_ptr<Record> put(const std::function<void(Transfer &, std::size_t)> &source,
                              std::int64_t size = -1) {
    auto record = std::make_shared<Record>();
    record->on_read = source;
    get(record, "/put", [size](Request &request) {
      request.body = BodyKind::stream;
      request.sizes = {size};
      request.options = seal({list("httpheader", {"Expect:"})});
    });
    return record;
  }

  std::string received_;
};

TEST_F(BodyFlowTest, ABodyIsCollectedWithoutCallingTheSink) {
  const std::string body = std::string(500000, 'x') + std::string("\0end", 4);
  handler_ = [&](Exchange &exchange) { exchange.reply(200, body); };
  auto record = std::make_shared<Record>();
  get(record);
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->body, body);
  EXPECT_EQ(record->calls, Calls{"done"});
}

TEST_F(BodyFlowTest, AStreamTellsTheResponseFirst) {
  handler_ = [](Exchange &exchange) { exchange.reply(200, "streamed"); };
  auto record = std::make_shared<Record>();
  get(record, "/", &stream);
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->body, "streamed");
  EXPECT_EQ(record->calls, (Calls{"response", "data", "done"}));
}

TEST_F(BodyFlowTest, AnEmptyBodyHasNoData) {
  handler_ = [](Exchange &exchange) { exchange.reply(204, ""); };
  auto record = std::make_shared<Record>();
  get(record, "/", &stream);
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->calls, (Calls{"response", "done"}));
}

TEST_F(BodyFlowTest, AConsumerThatDoesNotTakeHoldsTheServerBack) {
  const std::string body(8 * 1024 * 1024, 'x');
  handler_ = [&](Exchange &exchange) { exchange.reply(200, body); };
  auto record = std::make_shared<Record>();
  record->on_data = [](Transfer &) {};
  const auto transfer = get(record, "/", [](Request &request) {
    stream(request);
    request.high_water = 100000;
  });
  ASSERT_TRUE(host_.run_until([&] { return transfer->waiting().size() >= 100000; }));
  host_.run_for(100);
  EXPECT_EQ(record->done, 0);
  EXPECT_LT(transfer->waiting().size(), 500000U);
  std::string taken;
  while (record->done == 0) {
    taken.append(transfer->waiting());
    transfer->take(transfer->waiting().size());
    uv_run(host_.loop(), UV_RUN_ONCE);
  }
  taken.append(transfer->waiting());
  EXPECT_EQ(taken.size(), body.size());
  EXPECT_EQ(record->outcome.code, CURLE_OK);
}

TEST_F(BodyFlowTest, WhatHasComeIsToldBeforeMoreIsRead) {
  const std::string body(8 * 1024 * 1024, 'x');
  handler_ = [&](Exchange &exchange) { exchange.reply(200, body); };
  auto record = std::make_shared<Record>();
  std::size_t most = 0, sum = 0;
  record->on_data = [&](Transfer &transfer) {
    most = std::max(most, transfer.waiting().size());
    sum += transfer.waiting().size();
    transfer.take(transfer.waiting().size());
  };
  get(record, "/", &stream);
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(sum, body.size());
  EXPECT_LE(most, 2 * piece_size);
}

TEST_F(BodyFlowTest, MoreIsReadUpToHighWaterWhereWhatWasToldIsNotTaken) {
  const std::string body(8 * 1024 * 1024, 'x');
  handler_ = [&](Exchange &exchange) { exchange.reply(200, body); };
  auto record = std::make_shared<Record>();
  record->on_data = [](Transfer &) {};
  const auto transfer = get(record, "/", &stream);
  const std::size_t high_water = Request().high_water;
  ASSERT_TRUE(host_.run_until([&] { return transfer->waiting().size() >= high_water; }));
  host_.run_for(50);
  EXPECT_LE(transfer->waiting().size(), high_water + 2 * piece_size);
  transfer->cancel();
  ASSERT_TRUE(host_.run());
}

// What is read no further may be complete: nothing may be waited for then but the server.
TEST_F(BodyFlowTest, ABodyThatFillsTheInboxEndsWithoutBeingTaken) {
  const std::size_t size = 2 * piece_size;
  for (const bool chunked : {false, true}) {
    Silence silence;
    handler_ = std::ref(silence);
    auto record = std::make_shared<Record>();
    record->on_data = [](Transfer &) {};
    const auto transfer = get(record, "/", [&](Request &request) {
      stream(request);
      request.high_water = size;
    });
    ASSERT_TRUE(host_.run_until([&] { return silence.exchanges.size() == 1; }));
    const Exchange &exchange = silence.exchanges.front();
    const std::string most(size - 1, 'x');
    exchange.send("HTTP/1.1 200 OK\r\n");
    exchange.send(chunked ? "Transfer-Encoding: chunked\r\n\r\n3dfff\r\n" + most + "\r\n1\r\n"
                          : "Content-Length: " + std::to_string(size) + "\r\n\r\n" + most);
    ASSERT_TRUE(host_.run_until([&] { return transfer->waiting().size() == most.size(); }));
    host_.run_for(20);
    exchange.send(chunked ? "x\r\n0\r\n\r\n" : "x");
    EXPECT_TRUE(host_.run_until([&] { return record->done == 1; })) << "chunked: " << chunked;
    EXPECT_EQ(transfer->waiting().size(), size);
    EXPECT_EQ(record->outcome.code, CURLE_OK);
    transfer->cancel();
  }
}

TEST_F(BodyFlowTest, PauseAndResume) {
  const std::string body(4 * 1024 * 1024, 'x');
  handler_ = [&](Exchange &exchange) { exchange.reply(200, body); };
  auto record = std::make_shared<Record>();
  record->on_response = [](Transfer &transfer) { transfer.pause(); };
  const auto transfer = get(record, "/", &stream);
  ASSERT_TRUE(host_.run_until([&] { return transfer->paused(); }));
  host_.run_for(100);
  EXPECT_EQ(record->calls, Calls{"response"});
  transfer->resume();
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->body.size(), body.size());
}

TEST_F(BodyFlowTest, PauseAndResumeOverAndOver) {
  const std::string body(2 * 1024 * 1024, 'x');
  handler_ = [&](Exchange &exchange) { exchange.reply(200, body); };
  auto record = std::make_shared<Record>();
  const auto transfer = get(record, "/", &stream);
  int pauses = 0;
  ASSERT_TRUE(host_.run_until([&] {
    ++pauses % 2 == 0 ? transfer->pause() : transfer->resume();
    if (pauses > 100) transfer->resume();
    return record->done == 1;
  }));
  EXPECT_EQ(record->body.size(), body.size());
  EXPECT_EQ(record->outcome.code, CURLE_OK);
}

TEST_F(BodyFlowTest, APausedTransferCanBeCancelled) {
  // Whether libcurl still waits for the rest, or has it all while the sink does not know yet.
  for (const char *length : {"4", "5"}) {
    handler_ = [length](Exchange &exchange) {
      exchange.send(std::string("HTTP/1.1 200 OK\r\nContent-Length: ") + length + "\r\n\r\nhalf");
    };
    auto record = std::make_shared<Record>();
    record->on_response = [](Transfer &transfer) { transfer.pause(); };
    const auto transfer = get(record, "/", &stream);
    ASSERT_TRUE(host_.run_until([&] { return transfer->paused(); }));
    EXPECT_TRUE(transfer->cancel());
    ASSERT_TRUE(host_.run());
    EXPECT_EQ(record->calls, (Calls{"response", "done"}));
    EXPECT_EQ(record->outcome.code, CURLE_ABORTED_BY_CALLBACK);
  }
}

TEST_F(BodyFlowTest, PauseBeforeItStarts) {
  auto record = std::make_shared<Record>();
  const auto transfer = get(record, "/early", &stream);
  transfer->pause();
  host_.run_for(100);
  EXPECT_EQ(record->done, 0);
  transfer->resume();
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->body, "/early");
}

TEST_F(BodyFlowTest, MaxBodyEndsIt) {
  handler_ = [](Exchange &exchange) { exchange.reply(200, std::string(100000, 'x')); };
  for (const bool streaming : {false, true}) {
    auto record = std::make_shared<Record>();
    get(record, "/", [streaming](Request &request) {
      request.streaming = streaming;
      request.max_body = 99999;
    });
    ASSERT_TRUE(host_.run());
    EXPECT_EQ(record->outcome.code, CURLE_FILESIZE_EXCEEDED);
    EXPECT_EQ(record->outcome.phase, Phase::body);
    EXPECT_LE(record->body.size(), 99999U);
    EXPECT_EQ(record->done, 1);
  }
}

TEST_F(BodyFlowTest, ABodyOfJustMaxBodyIsFine) {
  handler_ = [](Exchange &exchange) { exchange.reply(200, std::string(100000, 'x')); };
  auto record = std::make_shared<Record>();
  get(record, "/", [](Request &request) { request.max_body = 100000; });
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->outcome.code, CURLE_OK) << record->outcome.message;
  EXPECT_EQ(record->body.size(), 100000U);
}

// A length that no body will reach must not be allocated for.
TEST_F(BodyFlowTest, AnEnormousContentLengthIsNotBelieved) {
  handler_ = [](Exchange &exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\nbut this");
    exchange.close();
  };
  auto record = std::make_shared<Record>();
  get(record);
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->outcome.code, CURLE_PARTIAL_FILE);
}

TEST_F(BodyFlowTest, ProgressIsToldNowAndThen) {
  Silence waiting;
  handler_ = [&](Exchange &exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n");
    waiting(exchange);
  };
  auto record = std::make_shared<Record>();
  std::int64_t total = -1;
  std::int64_t down = -1;
  record->on_progress = [&](Transfer &transfer) {
    total = transfer.progress().down_total;
    EXPECT_GT(transfer.progress().down, down);
    down = transfer.progress().down;
  };
  get(record, "/", [](Request &request) { request.wants_progress = true; });
  ASSERT_TRUE(host_.run_until([&] { return !waiting.exchanges.empty(); }));
  const std::uint64_t began = uv_hrtime();
  for (int i = 0; i < 40; ++i) {
    host_.run_for(10);
    waiting.exchanges.at(0).send("x");
  }
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(total, 40);
  const auto reports = std::count(record->calls.begin(), record->calls.end(), "progress");
  EXPECT_GE(reports, 2);
  const std::uint64_t elapsed = (uv_hrtime() - began) / 1000000;
  EXPECT_LE(static_cast<std::uint64_t>(reports), elapsed / 100 + 2) << "ten times a second at most";
}

// --- uploads ---

TEST_F(BodyFlowTest, BytesAreSent) {
  handler_ = [&](Exchange &exchange) {
    received_ = exchange.body;
    exchange.reply(200, exchange.method);
  };
  const std::string body("with\0nul", 8);
  for (int i = 0; i < 2; ++i) {
    auto record = std::make_shared<Record>();
    get(record, "/", [&](Request &request) {
      request.body = BodyKind::bytes;
      request.bytes = body;
    });
    ASSERT_TRUE(host_.run());
    EXPECT_EQ(record->body, "POST");
    EXPECT_EQ(received_, body);
  }
}

TEST_F(BodyFlowTest, AnEmptyBodyIsSentAsOne) {
  handler_ = [&](Exchange &exchange) { exchange.reply(200, exchange.headers["content-length"]); };
  auto record = std::make_shared<Record>();
  get(record, "/", [](Request &request) { request.body = BodyKind::bytes; });
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->body, "0");
}

TEST_F(BodyFlowTest, AStreamIsReadWhenItRunsLow) {
  handler_ = [&](Exchange &exchange) {
    received_ = exchange.body;
    exchange.reply(200, exchange.method);
  };
  int left = 20;
  const std::string chunk(50000, 'u');
  const auto record = put([&](Transfer &transfer, std::size_t stream) {
    if (left-- > 0) return transfer.feed(stream, chunk);
    transfer.finish_feed(stream);
  });
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->body, "PUT");
  EXPECT_EQ(received_.size(), 1000000U);
  EXPECT_EQ(std::count(record->calls.begin(), record->calls.end(), "read"), 21);
}

TEST_F(BodyFlowTest, AStreamOfKnownSizeHasContentLength) {
  handler_ = [&](Exchange &exchange) {
    exchange.reply(200, exchange.headers["content-length"] + exchange.body);
  };
  const auto record = put(
      [&](Transfer &transfer, std::size_t stream) {
        transfer.feed(stream, "12345");
        transfer.finish_feed(stream);
      },
      5);
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->body, "512345");
}

TEST_F(BodyFlowTest, ASourceMayAnswerLater) {
  handler_ = [&](Exchange &exchange) { exchange.reply(200, exchange.body); };
  Transfer *asking = nullptr;
  const auto record = put([&](Transfer &transfer, std::size_t) { asking = &transfer; });
  for (const char *piece : {"one ", "two ", "three"}) {
    ASSERT_TRUE(host_.run_until([&] { return asking != nullptr; }));
    host_.run_for(30);
    Transfer *to = asking;
    asking = nullptr;
    to->feed(0, piece);
  }
  ASSERT_TRUE(host_.run_until([&] { return asking != nullptr; }));
  asking->finish_feed(0);
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->body, "one two three");
}

TEST_F(BodyFlowTest, ASilentSourceCanBeCancelled) {
  const auto record = put([](Transfer &, std::size_t) {});
  ASSERT_TRUE(host_.run_until([&] { return !record->calls.empty(); }));
  host_.run_for(50);
  EXPECT_EQ(record->calls, Calls{"read"}) << "asked once, not over and over";
  multi_->close();
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->outcome.phase, Phase::send);
}

TEST_F(BodyFlowTest, AFailingSourceFailsTheTransfer) {
  const auto record = put([](Transfer &transfer, std::size_t) {
    transfer.fail(CURLE_ABORTED_BY_CALLBACK, "the source is broken");
  });
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->outcome.code, CURLE_ABORTED_BY_CALLBACK);
  EXPECT_EQ(record->outcome.message, "the source is broken");
  EXPECT_EQ(record->calls, (Calls{"read", "done"}));
}

TEST_F(BodyFlowTest, ARedirectedStreamIsRewound) {
  handler_ = [&](Exchange &exchange) {
    if (exchange.target == "/put") return exchange.reply(307, "", "Location: /again\r\n");
    exchange.reply(200, exchange.body);
  };
  for (const bool rewindable : {true, false}) {
    auto record = std::make_shared<Record>();
    record->on_read = [](Transfer &transfer, std::size_t stream) {
      transfer.feed(stream, "anew");
      transfer.finish_feed(stream);
    };
    get(record, "/put", [rewindable](Request &request) {
      request.body = BodyKind::stream;
      request.sizes = {-1};
      request.rewindable = rewindable;
      request.options = seal({number("followlocation", 1), list("httpheader", {"Expect:"})});
    });
    ASSERT_TRUE(host_.run());
    if (rewindable) {
      EXPECT_EQ(record->body, "anew") << record->outcome.message;
      EXPECT_EQ(std::count(record->calls.begin(), record->calls.end(), "rewind"), 1);
    } else {
      EXPECT_EQ(record->outcome.code, CURLE_SEND_FAIL_REWIND);
    }
  }
}

}  // namespace
}  // namespace luvcurl::spec
