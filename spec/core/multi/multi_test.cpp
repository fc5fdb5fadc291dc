#include "core/multi/multi.h"

#include "support/rig.h"

namespace luvcurl::spec {
namespace {

using Calls = std::vector<std::string>;

class MultiTest : public Rig {
 protected:
  std::vector<std::shared_ptr<Record>> get_many(std::size_t count,
                                                const std::function<void(Request &)> &change = {}) {
    std::vector<std::shared_ptr<Record>> records;
    for (std::size_t i = 0; i < count; ++i) {
      records.push_back(std::make_shared<Record>());
      get(records.back(), "/" + std::to_string(i), change);
    }
    return records;
  }

  void remake(const Settings &settings) {
    multi_ = std::make_shared<Multi>(host_.luvcurl(), settings);
  }
};

TEST_F(MultiTest, OneRequest) {
  auto record = std::make_shared<Record>();
  const auto transfer = get(record, "/hello");
  EXPECT_EQ(transfer->state(), Transfer::State::queued);
  EXPECT_EQ(multi_->count(), 1U);
  EXPECT_EQ(record->calls, Calls{}) << "nothing happens inside add";
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->calls, Calls{"done"});
  EXPECT_EQ(record->outcome.code, CURLE_OK);
  EXPECT_EQ(record->outcome.message, "");
  EXPECT_EQ(record->status, 200);
  EXPECT_EQ(record->body, "/hello");
  EXPECT_EQ(transfer->state(), Transfer::State::done);
  EXPECT_EQ(multi_->count(), 0U);
}

TEST_F(MultiTest, AnIdleMultiDoesNotKeepTheLoopAlive) {
  EXPECT_EQ(uv_loop_alive(host_.loop()), 0);
  auto record = std::make_shared<Record>();
  get(record);
  EXPECT_NE(uv_loop_alive(host_.loop()), 0);
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(uv_loop_alive(host_.loop()), 0);
  EXPECT_EQ(server_.open(), 1U) << "the connection is kept";
}

TEST_F(MultiTest, AConnectionIsUsedAgain) {
  for (int i = 0; i < 5; ++i) {
    auto record = std::make_shared<Record>();
    get(record);
    ASSERT_TRUE(host_.run());
    EXPECT_EQ(record->status, 200);
  }
  EXPECT_EQ(server_.connections(), 1U);
  EXPECT_EQ(multi_->stats().opened, 1U);
  EXPECT_EQ(multi_->stats().reused, 4U);
}

TEST_F(MultiTest, AConnectionThatTheServerClosedIsReplaced) {
  for (int i = 0; i < 3; ++i) {
    auto record = std::make_shared<Record>();
    get(record);
    ASSERT_TRUE(host_.run());
    EXPECT_EQ(record->status, 200) << record->outcome.message;
    server_.drop_connections();
  }
  EXPECT_EQ(server_.connections(), 3U);
}

// All are under way before the first is answered: how many at once does not depend on the time.
TEST_F(MultiTest, AHundredAtOnce) {
  Silence silence;
  handler_ = std::ref(silence);
  const auto records = get_many(100);
  ASSERT_TRUE(host_.run_until([&] { return silence.exchanges.size() == records.size(); }));
  EXPECT_EQ(multi_->stats().in_flight, 100U);
  EXPECT_GT(multi_->stats().lanes, 1U) << "more than a lane should carry";
  for (const Exchange &exchange : silence.exchanges) exchange.reply(200, exchange.target);
  ASSERT_TRUE(host_.run());
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(records[i]->calls, Calls{"done"});
    EXPECT_EQ(records[i]->body, "/" + std::to_string(i));
  }
  EXPECT_EQ(server_.requests(), 100U);
  EXPECT_EQ(multi_->stats().finished, 100U);
  EXPECT_EQ(multi_->stats().in_flight, 0U);
}

TEST_F(MultiTest, AServerIsAskedWhereItsConnectionsAre) {
  Silence silence;
  handler_ = std::ref(silence);
  const auto many = get_many(20);
  ASSERT_TRUE(host_.run_until([&] { return silence.exchanges.size() == many.size(); }));
  ASSERT_EQ(multi_->stats().lanes, 2U) << "the first is full";
  Server other(host_.loop(), [](Exchange &exchange) { exchange.reply(200, ""); });
  auto first = std::make_shared<Record>(), second = std::make_shared<Record>();
  begin(*multi_, other.url(), first);
  ASSERT_TRUE(host_.run_until([&] { return first->done == 1; }));
  for (const Exchange &exchange : silence.exchanges) exchange.reply(200, "");
  ASSERT_TRUE(host_.run());
  begin(*multi_, other.url(), second);
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(second->status, 200);
  EXPECT_EQ(other.connections(), 1U);
}

TEST_F(MultiTest, WithoutTimeABatchIsBegunAtOnce) {
  const auto records = get_many(40);
  const std::uint64_t now = multi_->loop().now();
  EXPECT_FALSE(multi_->work({now, 0, now}));
  EXPECT_EQ(multi_->stats().in_flight, 16U);
  EXPECT_FALSE(multi_->work({now, 0, now}));
  EXPECT_EQ(multi_->stats().in_flight, 32U);
  EXPECT_TRUE(multi_->work({now, UINT64_MAX, now}));
  EXPECT_EQ(multi_->stats().in_flight, 40U);
  ASSERT_TRUE(host_.run());
  for (const auto &record : records) EXPECT_EQ(record->calls, Calls{"done"});
}

TEST_F(MultiTest, MaxConcurrentHoldsTheRestBack) {
  remake({0, 0, 3});
  std::size_t most = 0;
  handler_ = [&](Exchange &exchange) {
    most = std::max(most, multi_->stats().in_flight);
    exchange.reply(200, "");
  };
  const auto records = get_many(20);
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(most, 3U);
  for (const auto &record : records) EXPECT_EQ(record->status, 200);
}

TEST_F(MultiTest, MaxHostConnectionsIsPerServer) {
  remake({0, 2, 0});
  Silence silence;
  handler_ = std::ref(silence);
  Server other(host_.loop(), [](Exchange &exchange) { exchange.reply(200, "other"); });
  const auto records = get_many(5);
  auto elsewhere = std::make_shared<Record>();
  begin(*multi_, other.url(), elsewhere);
  ASSERT_TRUE(
      host_.run_until([&] { return elsewhere->done == 1 && silence.exchanges.size() >= 2; }));
  host_.run_for(50);
  EXPECT_EQ(silence.exchanges.size(), 2U);
  EXPECT_EQ(multi_->stats().queued, 3U);
  handler_ = [](Exchange &exchange) { exchange.reply(200, ""); };
  for (const Exchange &exchange : silence.exchanges) exchange.reply(200, "");
  ASSERT_TRUE(host_.run());
  for (const auto &record : records) EXPECT_EQ(record->status, 200);
}

TEST_F(MultiTest, StartsInTheOrderOfAdding) {
  remake({0, 0, 1});
  std::string order;
  handler_ = [&](Exchange &exchange) {
    order += exchange.target;
    exchange.reply(200, "");
  };
  get_many(5);
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(order, "/0/1/2/3/4");
}

TEST_F(MultiTest, ARefusedConnectionIsAnError) {
  std::string url;
  {
    const Server gone(host_.loop(), [](Exchange &) {});
    url = gone.url();
  }
  uv_run(host_.loop(), UV_RUN_NOWAIT);
  auto record = std::make_shared<Record>();
  begin(*multi_, url, record);
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->outcome.code, CURLE_COULDNT_CONNECT);
  EXPECT_EQ(record->outcome.phase, Phase::connect);
  EXPECT_NE(record->outcome.message, "");
  EXPECT_EQ(multi_->stats().failed, 1U);
}

TEST_F(MultiTest, ATruncatedBodyIsAnError) {
  handler_ = [](Exchange &exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    exchange.close();
  };
  auto record = std::make_shared<Record>();
  get(record);
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->outcome.code, CURLE_PARTIAL_FILE);
  EXPECT_EQ(record->outcome.phase, Phase::body);
}

TEST_F(MultiTest, AnOptionThatLibcurlRefusesIsToldAtAdd) {
  std::string error;
  Request request;
  request.options = seal({number("http_version", 12345)});
  request.url = multi_->parse(server_.url(), &error);
  request.sink = std::make_unique<Recorder>(std::make_shared<Record>());
  EXPECT_FALSE(multi_->add(std::move(request), &error));
  EXPECT_NE(error.find("http_version"), std::string::npos) << error;
  EXPECT_EQ(multi_->count(), 0U);
  EXPECT_EQ(uv_loop_alive(host_.loop()), 0);
}

TEST_F(MultiTest, LikeAndUnlikeRequestsDoNotMix) {
  std::map<std::string, std::string> agents;
  handler_ = [&](Exchange &exchange) {
    agents[exchange.target] = exchange.headers["user-agent"] + "|" + exchange.headers["x-kind"];
    exchange.reply(200, "");
  };
  // More sets than the pool keeps, twice, so that handles are made, reused and forgotten.
  for (int round = 0; round < 2; ++round) {
    std::vector<std::shared_ptr<Record>> records;
    for (int i = 0; i < 150; ++i) {
      records.push_back(std::make_shared<Record>());
      get(records.back(), "/" + std::to_string(i), [i](Request &request) {
        request.options = i % 3 == 0 ? seal({text("useragent", "a" + std::to_string(i))})
                                     : seal({text("useragent", "a" + std::to_string(i)),
                                             list("httpheader", {"X-Kind: k"})});
      });
    }
    ASSERT_TRUE(host_.run());
  }
  ASSERT_EQ(agents.size(), 150U);
  for (int i = 0; i < 150; ++i)
    EXPECT_EQ(agents["/" + std::to_string(i)],
              "a" + std::to_string(i) + "|" + (i % 3 == 0 ? "" : "k"));
}

TEST_F(MultiTest, CookiesDoNotPassFromOneTransferToTheNext) {
  std::vector<std::string> cookies;
  handler_ = [&](Exchange &exchange) {
    cookies.push_back(exchange.headers["cookie"]);
    exchange.reply(200, "", "Set-Cookie: user=one\r\n");
  };
  const Options engine = seal({text("cookiefile", "")});
  for (int i = 0; i < 2; ++i) {
    get(std::make_shared<Record>(), "/", [&](Request &request) { request.options = engine; });
    ASSERT_TRUE(host_.run());
  }
  EXPECT_EQ(cookies, (std::vector<std::string>{"", ""}));
}

// --- cancelling and closing ---

TEST_F(MultiTest, CancelWhileQueued) {
  auto record = std::make_shared<Record>();
  const auto transfer = get(record);
  EXPECT_TRUE(transfer->cancel());
  EXPECT_FALSE(transfer->cancel());
  EXPECT_EQ(record->calls, Calls{}) << "the sink is told from the loop only";
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->calls, Calls{"done"});
  EXPECT_EQ(record->outcome.code, CURLE_ABORTED_BY_CALLBACK);
  EXPECT_EQ(record->outcome.phase, Phase::queue);
  EXPECT_EQ(server_.requests(), 0U);
  EXPECT_EQ(multi_->count(), 0U);
}

TEST_F(MultiTest, CancelWhileTheServerThinks) {
  Silence silence;
  handler_ = std::ref(silence);
  auto record = std::make_shared<Record>();
  const auto transfer = get(record);
  ASSERT_TRUE(host_.run_until([&] { return !silence.exchanges.empty(); }));
  EXPECT_TRUE(transfer->cancel());
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->calls, Calls{"done"});
  EXPECT_EQ(record->outcome.phase, Phase::wait);
  EXPECT_FALSE(transfer->cancel());
}

TEST_F(MultiTest, CancelFromACallbackOfItsOwn) {
  handler_ = [](Exchange &exchange) { exchange.reply(200, std::string(300000, 'x')); };
  auto record = std::make_shared<Record>();
  record->on_data = [](Transfer &transfer) { transfer.cancel(); };
  get(record, "/", [](Request &request) { request.streaming = true; });
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->done, 1);
  EXPECT_EQ(record->calls.back(), "done");
  EXPECT_EQ(record->outcome.code, CURLE_ABORTED_BY_CALLBACK);
}

TEST_F(MultiTest, CancelEveryOtherFromACallback) {
  Silence silence;
  handler_ = [&](Exchange &exchange) {
    if (exchange.target == "/first") return exchange.reply(200, "");
    silence(exchange);
  };
  const auto records = get_many(10);
  std::vector<std::shared_ptr<Transfer>> others;
  auto trigger = std::make_shared<Record>();
  std::vector<std::shared_ptr<Record>> more;
  for (int i = 0; i < 10; ++i) {
    more.push_back(std::make_shared<Record>());
    others.push_back(get(more.back()));
  }
  trigger->on_done = [&](Transfer &) {
    for (const auto &other : others) other->cancel();
  };
  ASSERT_TRUE(host_.run_until([&] { return silence.exchanges.size() == 20; }));
  get(trigger, "/first");
  ASSERT_TRUE(host_.run_until([&] { return multi_->count() == 10; }));
  for (const auto &record : more) EXPECT_EQ(record->outcome.code, CURLE_ABORTED_BY_CALLBACK);
  for (const auto &record : records) EXPECT_EQ(record->done, 0);
  for (const Exchange &exchange : silence.exchanges) exchange.reply(200, "");
  ASSERT_TRUE(host_.run());
  for (const auto &record : records) EXPECT_EQ(record->status, 200);
}

TEST_F(MultiTest, AddFromACallback) {
  auto second = std::make_shared<Record>();
  auto first = std::make_shared<Record>();
  first->on_done = [&](Transfer &) { get(second, "/second"); };
  get(first, "/first");
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(second->body, "/second");
}

TEST_F(MultiTest, AChainOfCallbacksLetsTheLoopTurn) {
  int turns = 0;
  uv_idle_t idle;
  uv_idle_init(host_.loop(), &idle);
  idle.data = &turns;
  uv_idle_start(&idle, [](uv_idle_t *handle) { ++*static_cast<int *>(handle->data); });
  uv_unref(reinterpret_cast<uv_handle_t *>(&idle));
  int left = 200;
  std::function<void()> next = [&] {
    auto record = std::make_shared<Record>();
    record->on_done = [&](Transfer &) {
      if (--left > 0) next();
    };
    get(record)->cancel();  // ends without any I/O
  };
  next();
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(left, 0);
  EXPECT_GT(turns, 10) << "a script that always has more to do must not hold the loop";
  uv_close(reinterpret_cast<uv_handle_t *>(&idle), nullptr);
  uv_run(host_.loop(), UV_RUN_NOWAIT);
}

TEST_F(MultiTest, CloseEndsAllAndRefusesMore) {
  Silence silence;
  handler_ = std::ref(silence);
  remake({0, 0, 2});
  const auto records = get_many(5);
  ASSERT_TRUE(host_.run_until([&] { return silence.exchanges.size() == 2; }));
  multi_->close();
  EXPECT_TRUE(multi_->closed());
  ASSERT_TRUE(host_.run());
  for (const auto &record : records) {
    EXPECT_EQ(record->calls, Calls{"done"});
    EXPECT_EQ(record->outcome.code, CURLE_ABORTED_BY_CALLBACK);
    EXPECT_EQ(record->outcome.message, "the Multi was closed");
  }
  std::string error;
  Request request;
  request.options = seal();
  request.url = multi_->parse(server_.url(), &error);
  EXPECT_FALSE(multi_->add(std::move(request), &error));
  EXPECT_EQ(error, "the Multi is closed");
}

TEST_F(MultiTest, CloseFromACallback) {
  const auto records = get_many(10);
  records[0]->on_done = [this](Transfer &) { multi_->close(); };
  ASSERT_TRUE(host_.run());
  for (const auto &record : records) EXPECT_EQ(record->calls, Calls{"done"});
}

TEST_F(MultiTest, UnrefLetsTheLoopEnd) {
  Silence silence;
  handler_ = std::ref(silence);
  auto record = std::make_shared<Record>();
  const auto transfer = get(record);
  ASSERT_TRUE(host_.run_until([&] { return !silence.exchanges.empty(); }));
  transfer->keep_loop_alive(false);
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->done, 0);
  transfer->keep_loop_alive(true);
  silence.exchanges[0].reply(200, "late");
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->body, "late");
}

// --- lifetimes ---

TEST_F(MultiTest, ItsTransfersKeepAMultiThatNobodyElseHolds) {
  auto record = std::make_shared<Record>();
  get(record, "/kept");
  const std::weak_ptr<Multi> watched = multi_;
  multi_.reset();
  EXPECT_FALSE(watched.expired());
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->body, "/kept");
  EXPECT_TRUE(watched.expired());
  EXPECT_EQ(host_.luvcurl()->interest().watched(), 0U) << "its connections are closed";
}

TEST_F(MultiTest, ATransferKeptAfterItsEndIsHarmless) {
  auto record = std::make_shared<Record>();
  const auto transfer = get(record);
  ASSERT_TRUE(host_.run());
  multi_.reset();
  transfer->pause();
  transfer->resume();
  transfer->take(0);
  transfer->feed(0, "x");
  transfer->finish_feed(0);
  transfer->keep_loop_alive(true);
  EXPECT_FALSE(transfer->cancel());
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->done, 1);
  EXPECT_EQ(transfer->url(), server_.url());
}

TEST_F(MultiTest, StopWithTransfersInFlight) {
  Silence silence;
  handler_ = [&](Exchange &exchange) {
    silence(exchange);
    if (exchange.target == "/1") exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart");
  };
  remake({0, 0, 3});
  const auto records = get_many(5, [](Request &request) { request.streaming = true; });
  ASSERT_TRUE(host_.run_until([&] { return !records[1]->body.empty(); }));
  host_.luvcurl()->stop();
  for (const auto &record : records) EXPECT_EQ(record->done, 0) << "there is nobody left to tell";
  EXPECT_EQ(host_.luvcurl()->interest().watched(), 0U);
  EXPECT_EQ(multi_->count(), 0U);
  std::string error;
  Request request;
  request.options = seal();
  request.url = multi_->parse(server_.url(), &error);
  EXPECT_FALSE(multi_->add(std::move(request), &error));
}

TEST_F(MultiTest, StopWithTransfersThatAreAllThatHoldsTheMulti) {
  Silence silence;
  handler_ = std::ref(silence);
  get(std::make_shared<Record>());
  ASSERT_TRUE(host_.run_until([&] { return !silence.exchanges.empty(); }));
  const std::weak_ptr<Multi> watched = multi_;
  multi_.reset();
  host_.luvcurl()->stop();
  EXPECT_TRUE(watched.expired());
}

TEST_F(MultiTest, StopWithSomethingToTell) {
  auto record = std::make_shared<Record>();
  const auto transfer = get(record);
  transfer->cancel();
  host_.luvcurl()->stop();
  EXPECT_EQ(record->done, 0);
}

TEST_F(MultiTest, StopFromACallback) {
  const auto records = get_many(10);
  records[3]->on_done = [this](Transfer &) { host_.luvcurl()->stop(); };
  host_.run();
  EXPECT_EQ(records[3]->done, 1);
  EXPECT_EQ(multi_->count(), 0U);
}

TEST_F(MultiTest, TwoMultisOnOneLoop) {
  auto other = std::make_shared<Multi>(host_.luvcurl(), Settings{});
  auto one = std::make_shared<Record>();
  auto two = std::make_shared<Record>();
  get(one, "/one");
  begin(*other, server_.url("/two"), two);
  multi_->close();
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(one->outcome.code, CURLE_ABORTED_BY_CALLBACK);
  EXPECT_EQ(two->body, "/two");
}

}  // namespace
}  // namespace luvcurl::spec
