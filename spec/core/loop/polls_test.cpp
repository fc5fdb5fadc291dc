#include "core/loop/polls.h"

#include <gtest/gtest.h>

namespace luvcurl::spec {
namespace {

TEST(Polls, WhoWasPutOffComesFirst) {
  Polls polls;
  polls.turn_begins(1);
  EXPECT_TRUE(polls.may_work_on(3, true));
  EXPECT_FALSE(polls.may_work_on(4, false));
  EXPECT_FALSE(polls.may_work_on(5, false));
  polls.turn_begins(2);
  EXPECT_FALSE(polls.may_work_on(3, true));
  EXPECT_TRUE(polls.may_work_on(4, true));
  EXPECT_TRUE(polls.may_work_on(5, true));
  polls.turn_begins(3);
  EXPECT_TRUE(polls.may_work_on(3, true));
}

// libuv tells of a full batch's events again and again: with thousands of sockets ready, nearly
// all of the time went into putting them off.
TEST(Polls, PutsOffNoMoreThanLibuvTakesAtOnce) {
  Polls polls;
  polls.turn_begins(1);
  for (int i = 0; i < 1024; ++i) EXPECT_FALSE(polls.may_work_on(i, false));
  EXPECT_TRUE(polls.may_work_on(0, false));
  // Nor does it wait for one that does not come.
  polls.turn_begins(2);
  for (int i = 1; i <= 1024; ++i) EXPECT_FALSE(polls.may_work_on(i, true));
  EXPECT_TRUE(polls.may_work_on(1, true));
}

}  // namespace
}  // namespace luvcurl::spec
