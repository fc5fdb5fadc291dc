// What the host may do to luvcurl's handles, and what luvcurl does to the host's loop.
#include "support/rig.h"

namespace luvcurl::spec {
namespace {

using Calls = std::vector<std::string>;

class HostTest : public Rig {};

TEST_F(HostTest, HandlesAreMadeWhenFirstNeeded) {
  EXPECT_EQ(host_.made(), 0);
  get(std::make_shared<Record>());
  ASSERT_TRUE(host_.run());
  EXPECT_GT(host_.made(), 2);
}

TEST_F(HostTest, HandlesAreNotMadePerConnection) {
  for (int i = 0; i < 20; ++i) {
    get(std::make_shared<Record>());
    ASSERT_TRUE(host_.run());
    server_.drop_connections();
    uv_run(host_.loop(), UV_RUN_NOWAIT);
  }
  EXPECT_EQ(server_.connections(), 20U);
  EXPECT_LT(host_.polls(), 10);
}

// To make one is to call Lua, whose collector may run a script's finalizer: it may add, and close.
TEST_F(HostTest, HandlesMayBeMadeWhileSomeAreMade) {
  auto inner = std::make_shared<Record>();
  host_.while_making([&] { get(inner); });
  auto outer = std::make_shared<Record>();
  get(outer);
  ASSERT_TRUE(host_.run());  // what nobody knows of must not keep the loop alive
  EXPECT_EQ(inner->calls, Calls{"done"});
  EXPECT_EQ(outer->calls, Calls{"done"});
  EXPECT_EQ(inner->outcome.code, CURLE_OK);
  EXPECT_EQ(outer->outcome.code, CURLE_OK);
}

TEST_F(HostTest, TheLoopMayRunWhileAPollIsMade) {
  auto inner = std::make_shared<Record>();
  get(inner);
  bool ran = false;
  const auto run_loop = [&] {
    ran = true;
    get(std::make_shared<Record>());
    EXPECT_TRUE(host_.run_until([&] { return inner->done == 1; }));
  };
  host_.while_making(run_loop, HandleFactory::Kind::poll);
  ASSERT_TRUE(host_.run());
  EXPECT_TRUE(ran);
  EXPECT_EQ(inner->outcome.code, CURLE_OK);
}

TEST_F(HostTest, AMultiThatIsClosedWhileHandlesAreMadeRefuses) {
  host_.while_making([&] { multi_->close(); });
  std::string error;
  Request request;
  request.options = seal();
  request.url = multi_->parse(server_.url(), &error);
  EXPECT_FALSE(multi_->add(std::move(request), &error));
  EXPECT_NE(error.find("closed"), std::string::npos) << error;
}

// Two states may be on one loop (luv_set_loop): each hears of its own.
TEST_F(HostTest, TwoMayShareALoop) {
  const auto other = std::make_shared<Loop>(host_.loop(), linked_uv(), host_);
  auto other_multi = std::make_shared<Multi>(other, Settings());
  std::swap(multi_, other_multi);
  auto theirs = std::make_shared<Record>();
  get(theirs);
  std::swap(multi_, other_multi);
  auto ours = std::make_shared<Record>();
  get(ours);
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(theirs->calls, Calls{"done"});
  EXPECT_EQ(ours->calls, Calls{"done"});
  EXPECT_EQ(theirs->outcome.code, CURLE_OK);
  EXPECT_EQ(ours->outcome.code, CURLE_OK);
  other->stop();
}

TEST_F(HostTest, WithoutHandlesAddFails) {
  host_.refuse(HandleFactory::Kind::prepare);
  std::string error;
  Request request;
  request.options = seal();
  request.url = multi_->parse(server_.url(), &error);
  EXPECT_FALSE(multi_->add(std::move(request), &error));
  EXPECT_NE(error, "");
  EXPECT_EQ(multi_->count(), 0U);
}

TEST_F(HostTest, ASocketThatCannotBeWatchedEndsItsTransfer) {
  host_.refuse(HandleFactory::Kind::poll);
  auto record = std::make_shared<Record>();
  get(record);
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->calls, Calls{"done"});
  EXPECT_EQ(record->outcome.code, CURLE_FAILED_INIT);
}

TEST_F(HostTest, HandlesClosedByTheHostEndWhatIsInFlight) {
  Silence silence;
  handler_ = std::ref(silence);
  auto record = std::make_shared<Record>();
  get(record);
  ASSERT_TRUE(host_.run_until([&] { return !silence.exchanges.empty(); }));
  host_.close_handles();
  EXPECT_EQ(uv_loop_alive(host_.loop()), 0);
  EXPECT_EQ(record->done, 0);
  EXPECT_TRUE(host_.luvcurl()->ensure());
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->calls, Calls{"done"});
  EXPECT_EQ(record->outcome.code, CURLE_ABORTED_BY_CALLBACK);
  EXPECT_NE(record->outcome.message.find("closed"), std::string::npos) << record->outcome.message;
}

TEST_F(HostTest, AddAfterTheHostClosedHandlesEndsTheOldAndRunsTheNew) {
  Silence silence;
  handler_ = std::ref(silence);
  auto old = std::make_shared<Record>();
  get(old);
  ASSERT_TRUE(host_.run_until([&] { return !silence.exchanges.empty(); }));
  host_.close_handles();
  handler_ = [](Exchange &exchange) { exchange.reply(200, "new"); };
  auto fresh = std::make_shared<Record>();
  get(fresh);
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(old->outcome.code, CURLE_ABORTED_BY_CALLBACK);
  EXPECT_EQ(fresh->body, "new");
}

// The kept connection counts as watched, but by a handle that is gone.
TEST_F(HostTest, AKeptConnectionIsUsedAgainAfterTheHostClosedHandles) {
  get(std::make_shared<Record>());
  ASSERT_TRUE(host_.run());
  host_.close_handles();
  for (int i = 0; i < 3; ++i) {
    auto record = std::make_shared<Record>();
    get(record, "/again");
    ASSERT_TRUE(host_.run());
    EXPECT_EQ(record->body, "/again");
  }
  EXPECT_EQ(server_.connections(), 1U);
}

TEST_F(HostTest, ClosedHandlesAreSurvivedByEveryCall) {
  Silence silence;
  handler_ = std::ref(silence);
  auto record = std::make_shared<Record>();
  const auto transfer = get(record);
  ASSERT_TRUE(host_.run_until([&] { return !silence.exchanges.empty(); }));
  host_.close_handles();
  transfer->pause();
  transfer->resume();
  transfer->keep_loop_alive(false);
  transfer->keep_loop_alive(true);
  transfer->cancel();
  multi_->close();
  EXPECT_EQ(record->done, 0);
  EXPECT_TRUE(host_.luvcurl()->ensure());
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->calls, Calls{"done"});
}

TEST_F(HostTest, WorkAskedForWhileTheHandlesWereGoneIsDoneAfterwards) {
  get(std::make_shared<Record>());
  ASSERT_TRUE(host_.run());
  host_.close_handles();
  host_.luvcurl()->wake();
  EXPECT_TRUE(host_.luvcurl()->ensure());
  auto record = std::make_shared<Record>();
  get(record);
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->status, 200);
}

TEST_F(HostTest, WakeAfterOurPrepareStillRunsBeforeTheLoopWaits) {
  Silence silence;
  handler_ = std::ref(silence);
  auto record = std::make_shared<Record>();
  const auto transfer = get(record);
  ASSERT_TRUE(host_.run_until([&] { return !silence.exchanges.empty(); }));
  // A prepare of the host's that runs after ours, when nothing else is going to happen on the loop.
  struct Late {
    uv_prepare_t prepare;
    Transfer *transfer;
  } late{};
  uv_prepare_init(host_.loop(), &late.prepare);
  late.transfer = transfer.get();
  late.prepare.data = &late;
  uv_prepare_start(&late.prepare, [](uv_prepare_t *prepare) {
    static_cast<Late *>(prepare->data)->transfer->cancel();
    uv_prepare_stop(prepare);
  });
  const std::uint64_t began = uv_hrtime();
  ASSERT_TRUE(host_.run());
  EXPECT_LT(uv_hrtime() - began, 1000000000U);
  EXPECT_EQ(record->done, 1);
  uv_close(reinterpret_cast<uv_handle_t *>(&late.prepare), nullptr);
  uv_run(host_.loop(), UV_RUN_NOWAIT);
}

TEST_F(HostTest, AnIdleTransferCostsTheLoopNothing) {
  Silence silence;
  handler_ = std::ref(silence);
  auto record = std::make_shared<Record>();
  get(record);
  ASSERT_TRUE(host_.run_until([&] { return !silence.exchanges.empty(); }));
  host_.run_for(20);  // whatever was to settle
  struct Count {
    uv_check_t check;
    int turns = 0;
  } count{};
  uv_check_init(host_.loop(), &count.check);
  count.check.data = &count;
  uv_check_start(&count.check,
                 [](uv_check_t *check) { ++static_cast<Count *>(check->data)->turns; });
  uv_unref(reinterpret_cast<uv_handle_t *>(&count.check));
  host_.run_for(300);
  EXPECT_LT(count.turns, 15) << "the loop must sleep while nothing happens";
  uv_close(reinterpret_cast<uv_handle_t *>(&count.check), nullptr);
  silence.exchanges[0].reply(200, "");
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(record->status, 200);
}

TEST_F(HostTest, ALoopOfItsOwnPerThreadOfControl) {
  PlainHost second;
  Server server(second.loop(), [](Exchange &exchange) { exchange.reply(200, "second"); });
  auto multi = std::make_shared<Multi>(second.luvcurl(), Settings{});
  auto one = std::make_shared<Record>();
  auto two = std::make_shared<Record>();
  get(one, "/first");
  begin(*multi, server.url(), two);
  ASSERT_TRUE(second.run());
  EXPECT_EQ(two->body, "second");
  EXPECT_EQ(one->done, 0);
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(one->body, "/first");
}

}  // namespace
}  // namespace luvcurl::spec
