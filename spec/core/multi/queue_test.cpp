#include "core/multi/queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/multi/server.h"
#include "core/transfer/transfer.h"

namespace luvcurl {
namespace {

// The queue never looks at a transfer: any object of its own will do for one.
class Waiting {
 public:
  std::shared_ptr<Transfer> make(const std::string &name) {
    const auto text = std::make_shared<std::string>(name);
    return {text, reinterpret_cast<Transfer *>(text.get())};
  }

  static std::string name(const std::shared_ptr<Transfer> &transfer) {
    return transfer ? *reinterpret_cast<const std::string *>(transfer.get()) : "none";
  }
};

class QueueTest : public ::testing::Test {
 protected:
  void push(Server &server, const std::string &name) { queue_.push(&server, waiting_.make(name)); }
  // With at most `limit` active at each server; 0 for no limit.
  std::string pop(std::size_t limit = 0) {
    return Waiting::name(
        queue_.pop([limit](const Server &server) { return limit == 0 || server.active < limit; }));
  }

  std::string pop_all(std::size_t limit = 0) {
    std::string all;
    for (std::string name = pop(limit); name != "none"; name = pop(limit)) all += name + " ";
    return all;
  }

  Queue queue_;
  Server a_, b_, c_;

 private:
  Waiting waiting_;
};

TEST_F(QueueTest, EmptyGivesNone) {
  EXPECT_EQ(queue_.size(), 0U);
  EXPECT_EQ(pop(), "none");
}

TEST_F(QueueTest, FirstComeFirstServedPerOrigin) {
  for (const char *name : {"1", "2", "3"}) push(a_, name);
  EXPECT_EQ(queue_.size(), 3U);
  EXPECT_EQ(pop_all(), "1 2 3 ");
  EXPECT_EQ(queue_.size(), 0U);
}

TEST_F(QueueTest, OriginsByTurns) {
  for (const char *name : {"a1", "a2", "a3", "a4"}) push(a_, name);
  push(b_, "b1");
  push(c_, "c1");
  push(c_, "c2");
  EXPECT_EQ(pop_all(), "a1 b1 c1 a2 c2 a3 a4 ");
}

TEST_F(QueueTest, AnOriginThatComesLateIsNotStarved) {
  for (int i = 0; i < 100; ++i) push(a_, "a");
  pop();
  push(b_, "b");
  std::size_t before = 0;
  while (pop() != "b") ++before;
  EXPECT_LE(before, 1U);
}

TEST_F(QueueTest, AnOriginAtItsLimitIsPassedOver) {
  a_.active = 2;
  push(a_, "a1");
  push(b_, "b1");
  push(b_, "b2");
  EXPECT_EQ(pop(2), "b1");
  EXPECT_EQ(pop(2), "b2");
  EXPECT_EQ(pop(2), "none");
  EXPECT_EQ(queue_.size(), 1U);
  a_.active = 1;
  EXPECT_EQ(pop(2), "a1");
}

TEST_F(QueueTest, ZeroMeansNoLimit) {
  a_.active = 1000000;
  push(a_, "a1");
  EXPECT_EQ(pop(0), "a1");
}

TEST_F(QueueTest, AServerMayComeBack) {
  for (int round = 0; round < 3; ++round) {
    push(a_, "a");
    push(b_, "b");
    EXPECT_EQ(queue_.size(), 2U);
    const std::string all = pop_all();
    EXPECT_TRUE(all == "a b " || all == "b a ") << all;
  }
}

TEST_F(QueueTest, WhoIsGoneIsDroppedAndTheOthersKeepTheirOrder) {
  for (const char *name : {"a1", "gone", "a2"}) push(a_, name);
  push(b_, "gone");
  push(c_, "c1");
  queue_.purge([](const Transfer &transfer) {
    return *reinterpret_cast<const std::string *>(&transfer) == "gone";
  });
  EXPECT_EQ(queue_.size(), 3U);
  EXPECT_EQ(pop_all(), "a1 c1 a2 ");
}

TEST_F(QueueTest, ManyServersComeAndGo) {
  std::vector<std::unique_ptr<Server>> servers;
  for (int i = 0; i < 5000; ++i) {
    servers.push_back(std::make_unique<Server>());
    push(*servers.back(), std::to_string(i));
    if (i % 2 == 0) {
      EXPECT_NE(pop(), "none");
    }
  }
  EXPECT_EQ(queue_.size(), 2500U);
  std::size_t left = 0;
  while (pop() != "none") ++left;
  EXPECT_EQ(left, 2500U);
}

}  // namespace
}  // namespace luvcurl
