#include "core/body.h"

#include <gtest/gtest.h>

namespace luvcurl {
namespace {

TEST(Inbox, GivesBytesInOrder) {
  Inbox inbox;
  EXPECT_TRUE(inbox.empty());
  inbox.append("hello ", 6);
  inbox.append("world", 5);
  EXPECT_EQ(inbox.view(), "hello world");
  inbox.drop(3);
  EXPECT_EQ(inbox.view(), "lo world");
  inbox.append("!", 1);
  EXPECT_EQ(inbox.view(), "lo world!");
  EXPECT_EQ(inbox.size(), 9U);
  inbox.drop(9);
  EXPECT_TRUE(inbox.empty());
  EXPECT_EQ(inbox.view(), "");
}

TEST(Inbox, KeepsNulBytes) {
  Inbox inbox;
  inbox.append("a\0b", 3);
  inbox.drop(1);
  EXPECT_EQ(inbox.view(), std::string_view("\0b", 2));
}

// A stream that is taken in small pieces, never quite empty, must not keep what has passed.
TEST(Inbox, DoesNotGrowWithWhatHasPassed) {
  Inbox inbox;
  const std::string chunk(1000, 'x');
  inbox.append(chunk.data(), chunk.size());
  for (int i = 0; i < 1000; ++i) {
    inbox.append(chunk.data(), chunk.size());
    inbox.drop(1000);
    ASSERT_EQ(inbox.size(), 1000U);
  }
  // The view lies in the buffer: what precedes it is bounded by what the buffer may waste.
  inbox.append("e", 1);
  EXPECT_EQ(inbox.view().back(), 'e');
  EXPECT_EQ(inbox.view().front(), 'x');
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
