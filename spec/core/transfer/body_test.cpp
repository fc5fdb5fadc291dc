#include "core/transfer/body.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

namespace luvcurl {
namespace {

TEST(ByteQueue, GivesBytesInOrder) {
  ByteQueue queue;
  EXPECT_TRUE(queue.empty());
  queue.append("hello ", 6);
  queue.append("world", 5);
  EXPECT_EQ(queue.view(), "hello world");
  queue.drop(3);
  EXPECT_EQ(queue.view(), "lo world");
  queue.append("!", 1);
  EXPECT_EQ(queue.view(), "lo world!");
  EXPECT_EQ(queue.size(), 9U);
  queue.drop(9);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.view(), "");
}

// What is lent stays readable, and the queue goes on as if nothing were.
TEST(ByteQueue, LendsWhatItShows) {
  ByteQueue queue;
  EXPECT_EQ(queue.lend(), nullptr);
  const std::string first(100, 'a');
  queue.append(first.data(), first.size());
  queue.drop(10);
  const std::string_view shown = queue.view();
  auto lent = queue.lend();
  const std::string more(1000000, 'b');
  queue.append(more.data(), more.size());
  EXPECT_EQ(shown, first.substr(10));
  EXPECT_EQ(queue.view(), first.substr(10) + more);
  lent = queue.lend();
  const std::string_view all = queue.view();
  queue.drop(queue.size());
  queue.append("c", 1);
  EXPECT_EQ(all, first.substr(10) + more);
  EXPECT_EQ(queue.view(), "c");
  EXPECT_EQ(queue.position(), first.size() + more.size());
}

TEST(ByteQueue, KeepsNulBytes) {
  ByteQueue queue;
  queue.append("a\0b", 3);
  queue.drop(1);
  EXPECT_EQ(queue.view(), std::string_view("\0b", 2));
}

// A stream that is taken in small pieces, never quite empty, must not keep what has passed.
TEST(ByteQueue, DoesNotGrowWithWhatHasPassed) {
  ByteQueue queue;
  const std::string chunk(1000, 'x');
  queue.append(chunk.data(), chunk.size());
  std::set<const char *> places;
  for (int i = 0; i < 1000; ++i) {
    queue.append(chunk.data(), chunk.size());
    queue.drop(1000);
    ASSERT_EQ(queue.size(), 1000U);
    places.insert(queue.view().data());
  }
  EXPECT_LT(places.size(), 10U);
  queue.append("e", 1);
  EXPECT_EQ(queue.view(), chunk + 'e');
}

TEST(ByteQueue, MovesNothingWhileItIsTaken) {
  ByteQueue queue;
  queue.append("abcdef", 6);
  const char *first = queue.view().data();
  queue.drop(5);
  EXPECT_EQ(queue.view().data(), first + 5);
  EXPECT_EQ(queue.view(), "f");
}

TEST(Outbox, IsReadInPieces) {
  Outbox outbox;
  outbox.append("abcdef", 6);
  char out[4];
  EXPECT_EQ(outbox.read(out, 4), 4U);
  EXPECT_EQ(std::string_view(out, 4), "abcd");
  EXPECT_EQ(outbox.size(), 2U);
  outbox.append("gh", 2);
  EXPECT_EQ(outbox.read(out, 4), 4U);
  EXPECT_EQ(std::string_view(out, 4), "efgh");
  EXPECT_EQ(outbox.read(out, 4), 0U);
}

TEST(Outbox, AsksOnceUntilItIsFed) {
  Outbox outbox;
  EXPECT_TRUE(outbox.low());
  EXPECT_TRUE(outbox.ask());
  EXPECT_FALSE(outbox.ask());
  outbox.append("x", 1);
  EXPECT_TRUE(outbox.ask()) << "one byte is still low";
  const std::string much(Outbox::low_water, 'x');
  outbox.append(much.data(), much.size());
  EXPECT_FALSE(outbox.low());
  EXPECT_FALSE(outbox.ask());
}

TEST(Outbox, AsksNoMoreOnceFinished) {
  Outbox outbox;
  outbox.finish();
  EXPECT_TRUE(outbox.finished());
  EXPECT_FALSE(outbox.low());
  EXPECT_FALSE(outbox.ask());
}

TEST(Outbox, RestartsFromNothing) {
  Outbox outbox;
  outbox.append("abc", 3);
  outbox.finish();
  char out[1];
  outbox.read(out, 1);
  EXPECT_TRUE(outbox.touched());
  outbox.restart();
  EXPECT_EQ(outbox.size(), 0U);
  EXPECT_FALSE(outbox.finished());
  EXPECT_FALSE(outbox.touched());
  EXPECT_TRUE(outbox.ask());
}

}  // namespace
}  // namespace luvcurl
