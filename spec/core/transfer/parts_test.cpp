// The parts of a transfer by themselves: what is due, what is held back, where bytes go.
#include <gtest/gtest.h>

#include <string>

#include "core/curl/curl_ptr.h"
#include "core/transfer/flow.h"
#include "core/transfer/intake.h"
#include "core/transfer/telling.h"

namespace luvcurl::spec {
namespace {

TEST(Telling, GivesWhatIsDueInItsOrderAndOnce) {
  Telling telling;
  EXPECT_FALSE(telling.is_due());
  for (const auto due : {Telling::progress, Telling::read, Telling::data, Telling::response})
    telling.note(due);
  telling.note(Telling::data);
  for (const auto due : {Telling::response, Telling::data, Telling::read, Telling::progress})
    EXPECT_EQ(telling.next(), due);
  EXPECT_EQ(telling.next(), Telling::nothing);
}

TEST(Telling, CountsThatHaveNotMovedAreNoNews) {
  Telling telling;
  EXPECT_FALSE(telling.counted({0, 10, 0, 0}, 1000));
  EXPECT_TRUE(telling.counted({1, 10, 0, 0}, 1000));
  EXPECT_EQ(telling.counts().down_total, 10);
}

TEST(Telling, ReportsComeATenthOfASecondAfterTheEndOfTheLast) {
  Telling telling;
  EXPECT_TRUE(telling.counted({1, 0, 0, 0}, 1000));
  telling.report_begins(1050);
  telling.report_ends(1080);
  EXPECT_FALSE(telling.counted({2, 0, 0, 0}, 1179));
  EXPECT_TRUE(telling.counted({3, 0, 0, 0}, 1180));
}

TEST(Telling, TheLastCountsAreToldAtTheEndUnlessTheyWere) {
  Telling telling;
  telling.counted({1, 0, 0, 0}, 1000);
  telling.report_begins(1000);
  telling.report_ends(1000);
  telling.note_last_counts();
  EXPECT_FALSE(telling.is_due());
  telling.counted({2, 0, 0, 0}, 1001);
  telling.note_last_counts();
  EXPECT_EQ(telling.next(), Telling::progress);
}

class FlowTest : public ::testing::Test {
 protected:
  EasyPtr easy_{curl_easy_init()};
  Flow flow_;
};

TEST_F(FlowTest, TellsWhetherSomethingChanged) {
  EXPECT_FALSE(flow_.unblock(Flow::down));
  flow_.block(Flow::down);
  EXPECT_FALSE(flow_.unblock(Flow::up));
  EXPECT_TRUE(flow_.unblock(Flow::down));
  EXPECT_TRUE(flow_.pause());
  EXPECT_FALSE(flow_.pause());
  EXPECT_TRUE(flow_.resume());
  EXPECT_FALSE(flow_.resume());
}

TEST_F(FlowTest, HoldsForTwoReasonsUntilBothAreGone) {
  flow_.block(Flow::down);
  flow_.pause();
  EXPECT_FALSE(flow_.is_held()) << "libcurl holds nothing before apply()";
  EXPECT_FALSE(flow_.apply(easy_.get(), false));
  EXPECT_TRUE(flow_.is_held());
  flow_.unblock(Flow::down);
  EXPECT_FALSE(flow_.apply(easy_.get(), false)) << "the user has it paused still";
  EXPECT_TRUE(flow_.is_held());
  flow_.resume();
  EXPECT_TRUE(flow_.apply(easy_.get(), false));
  EXPECT_FALSE(flow_.is_held());
}

TEST_F(FlowTest, WithABodyOneWayMayGoOn) {
  flow_.pause();
  flow_.apply(easy_.get(), true);
  flow_.block(Flow::down);
  flow_.resume();
  EXPECT_TRUE(flow_.apply(easy_.get(), true)) << "up goes on";
  EXPECT_TRUE(flow_.is_held());
}

TEST_F(FlowTest, WhatACallbackRefusedIsLetGoByTheNextApply) {
  flow_.refuse(Flow::up);
  EXPECT_TRUE(flow_.is_held());
  EXPECT_TRUE(flow_.apply(easy_.get(), true));
  EXPECT_FALSE(flow_.is_held());
}

TEST_F(FlowTest, ASecondTryBeginsWithNothingHeldButByTheUser) {
  flow_.refuse(Flow::up);
  flow_.block(Flow::up);
  flow_.pause();
  flow_.restart();
  EXPECT_FALSE(flow_.is_held());
  EXPECT_TRUE(flow_.is_paused());
}

TEST(Intake, CollectsWithRoomForWhatIsAnnounced) {
  Intake intake;
  int asked = 0;
  const auto announced = [&asked] {
    ++asked;
    return std::int64_t{1000};
  };
  for (int i = 0; i < 100; ++i) intake.collect("0123456789", 10, announced);
  EXPECT_EQ(intake.collected().view().size(), 1000U);
  EXPECT_EQ(intake.received(), 1000U);
  EXPECT_EQ(asked, 1);
}

TEST(Intake, TrustsNoAnnouncementBeyondALimit) {
  Intake intake;
  intake.collect("x", 1, [] { return INT64_MAX; });
  EXPECT_LE(intake.collected().room(), 32U * 1024 * 1024);
}

TEST(Intake, DiscardsWhatWaitsAndAllThatComes) {
  Intake intake;
  EXPECT_TRUE(intake.append("abc", 3));
  EXPECT_EQ(intake.waiting(), "abc");
  EXPECT_EQ(intake.discard(), 3U);
  EXPECT_FALSE(intake.append("defg", 4));
  EXPECT_EQ(intake.waiting(), "");
  intake.collect("hi", 2, [] { return std::int64_t{2}; });
  EXPECT_EQ(intake.collected().view(), "");
  EXPECT_EQ(intake.discard(), 6U);
  EXPECT_EQ(intake.discard(), 0U);
  EXPECT_EQ(intake.received(), 9U);
}

}  // namespace
}  // namespace luvcurl::spec
