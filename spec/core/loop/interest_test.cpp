#include "core/loop/interest.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <climits>
#include <vector>

#include "support/host.h"

namespace luvcurl::spec {
namespace {

int starts = 0;
int stops = 0;
int fail_starts = 0;

// The loop's functions, counted.
UvApi counted_uv() {
  UvApi uv = linked_uv();
  uv.poll_start = [](uv_poll_t *poll, int events, uv_poll_cb callback) {
    ++starts;
    if (fail_starts > 0) {
      --fail_starts;
      return static_cast<int>(UV_EINVAL);
    }
    return uv_poll_start(poll, events, callback);
  };
  uv.poll_stop = [](uv_poll_t *poll) {
    ++stops;
    return uv_poll_stop(poll);
  };
  return uv;
}

class InterestTest : public ::testing::Test {
 protected:
  InterestTest() : uv_(counted_uv()), interest_(uv_, host_, [](uv_poll_t *, int, int) {}) {
    starts = stops = fail_starts = 0;
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair_), 0);
  }
  ~InterestTest() override {
    interest_.stop();
    for (const int fd : pair_) close(fd);
  }

  // The interest only compares owners; it never looks into one.
  SocketOwner *owner(std::size_t number = 0) {
    return reinterpret_cast<SocketOwner *>(&owners_[number]);
  }

  void apply() {
    interest_.apply([this](SocketOwner *failed) { failed_.push_back(failed); });
  }

  // libcurl opens a socket through us and gets a response over it.
  void connect(int fd) {
    interest_.opened(fd);
    interest_.working_on(fd);
    interest_.responded();
    interest_.working_on(CURL_SOCKET_BAD);
  }

  void watch(int fd, int what = CURL_POLL_IN) {
    interest_.wish(owner(), fd, what);
    apply();
  }

  // The number of a descriptor that was, beyond what is known.
  int dup_and_close() {
    const int fd = fcntl(pair_[0], F_DUPFD, 500);
    close(fd);
    return fd;
  }

  long owners_[2] = {};
  int pair_[2] = {-1, -1};
  std::vector<SocketOwner *> failed_;
  PlainHost host_;
  UvApi uv_;
  Interest interest_;
};

TEST_F(InterestTest, AWishIsAppliedLater) {
  interest_.wish(owner(), pair_[0], CURL_POLL_IN);
  EXPECT_EQ(starts, 0);
  EXPECT_EQ(interest_.watched(), 0U);
  apply();
  EXPECT_EQ(starts, 1);
  EXPECT_EQ(interest_.watched(), 1U);
  EXPECT_TRUE(failed_.empty());
}

// libcurl 7.88 asks for -1; no other number is believed either, before the kernel knows it.
TEST_F(InterestTest, WhatIsNoDescriptorGetsInNowhere) {
  for (const int fd : {-1, INT_MIN, INT_MAX, 1'000'000'000, dup_and_close()}) {
    interest_.wish(owner(), fd, CURL_POLL_INOUT);
    interest_.opened(fd);
    interest_.working_on(fd);
    interest_.responded();
    interest_.settled(fd);
    EXPECT_EQ(interest_.event(fd, 0, UV_READABLE).owner, nullptr);
    EXPECT_EQ(interest_.event(fd, UV_EBADF, 0).owner, nullptr);
    interest_.wish(owner(), fd, CURL_POLL_REMOVE);
    interest_.closing(fd);
  }
  apply();
  EXPECT_EQ(starts, 0);
  EXPECT_EQ(interest_.watched(), 0U);
  EXPECT_TRUE(failed_.empty());
  watch(pair_[0]);
  EXPECT_EQ(interest_.watched(), 1U);
}

TEST_F(InterestTest, WishesOfOneTurnBecomeOne) {
  interest_.opened(pair_[0]);
  for (const int what :
       {CURL_POLL_OUT, CURL_POLL_IN, CURL_POLL_REMOVE, CURL_POLL_INOUT, CURL_POLL_IN})
    interest_.wish(owner(), pair_[0], what);
  apply();
  EXPECT_EQ(starts, 1);
  apply();
  EXPECT_EQ(starts, 1);
}

TEST_F(InterestTest, AConnectionStaysWatchedAcrossRemove) {
  connect(pair_[0]);
  watch(pair_[0]);
  for (int request = 0; request < 10; ++request) {
    interest_.wish(owner(), pair_[0], CURL_POLL_REMOVE);
    apply();
    watch(pair_[0]);
  }
  EXPECT_EQ(starts, 1);
  EXPECT_EQ(stops, 0);
}

TEST_F(InterestTest, AForeignSocketIsUnwatchedAtOnce) {
  watch(pair_[0]);
  interest_.wish(owner(), pair_[0], CURL_POLL_REMOVE);
  EXPECT_EQ(stops, 1) << "libcurl may close it right after, unseen";
  EXPECT_EQ(interest_.watched(), 0U);
}

// libcurl 7.88 closes those without a word.
TEST_F(InterestTest, ASocketThatStillConnectsIsUnwatchedAtOnce) {
  interest_.opened(pair_[0]);
  watch(pair_[0], CURL_POLL_OUT);
  interest_.wish(owner(), pair_[0], CURL_POLL_REMOVE);
  EXPECT_EQ(interest_.watched(), 0U);
}

TEST_F(InterestTest, AResponseConnectsOnlyTheSocketThatIsWorkedOn) {
  interest_.opened(pair_[0]);
  interest_.responded();  // on none
  interest_.working_on(pair_[1]);
  interest_.responded();  // on another, which we did not open
  for (const int fd : pair_) {
    watch(fd);
    interest_.wish(owner(), fd, CURL_POLL_REMOVE);
  }
  EXPECT_EQ(interest_.watched(), 0U);
}

TEST_F(InterestTest, ASocketOfANumberThatWasClosedUnseenIsWatchedAnew) {
  connect(pair_[0]);
  watch(pair_[0]);
  interest_.opened(pair_[0]);
  EXPECT_EQ(interest_.watched(), 0U) << "epoll has forgotten the old one";
  apply();
  EXPECT_EQ(interest_.watched(), 1U) << "libcurl does not repeat the wish";
}

TEST_F(InterestTest, AnEventThatNobodyWantsUnwatches) {
  connect(pair_[0]);
  watch(pair_[0]);
  interest_.wish(owner(), pair_[0], CURL_POLL_REMOVE);
  EXPECT_EQ(interest_.watched(), 1U);
  EXPECT_EQ(interest_.event(pair_[0], 0, UV_READABLE).owner, nullptr);
  EXPECT_EQ(interest_.watched(), 0U) << "the server's FIN would wake the loop for ever";
}

TEST_F(InterestTest, EventsAreTranslated) {
  watch(pair_[0], CURL_POLL_INOUT);
  Interest::Event event = interest_.event(pair_[0], 0, UV_READABLE);
  EXPECT_EQ(event.owner, owner());
  EXPECT_EQ(event.bits, CURL_CSELECT_IN);
  event = interest_.event(pair_[0], 0, UV_READABLE | UV_WRITABLE);
  EXPECT_EQ(event.bits, CURL_CSELECT_IN | CURL_CSELECT_OUT);
  watch(pair_[1], CURL_POLL_IN);
  event = interest_.event(pair_[1], 0, UV_READABLE | UV_WRITABLE);
  EXPECT_EQ(event.bits, CURL_CSELECT_IN) << "only what is wanted";
  EXPECT_EQ(interest_.event(9999, 0, UV_READABLE).owner, nullptr) << "a descriptor never seen";
}

// On POLLERR libuv stops the handle by itself and reports UV_EBADF.
TEST_F(InterestTest, AnErrorIsReportedAndTheSocketWatchedAnew) {
  watch(pair_[0]);
  const Interest::Event event = interest_.event(pair_[0], UV_EBADF, 0);
  EXPECT_EQ(event.owner, owner());
  EXPECT_EQ(event.bits, CURL_CSELECT_ERR | CURL_CSELECT_IN) << "with the wanted bits";
  EXPECT_EQ(interest_.watched(), 0U);
  interest_.settled(pair_[0]);
  apply();
  EXPECT_EQ(starts, 2);
  EXPECT_EQ(interest_.watched(), 1U);
}

TEST_F(InterestTest, AnErrorThatMadeLibcurlCloseIsTheEnd) {
  interest_.opened(pair_[0]);
  watch(pair_[0]);
  interest_.event(pair_[0], UV_EBADF, 0);
  interest_.closing(pair_[0]);
  interest_.settled(pair_[0]);
  apply();
  EXPECT_EQ(starts, 1);
}

TEST_F(InterestTest, ClosingUnwatchesBeforeTheClose) {
  interest_.opened(pair_[0]);
  watch(pair_[0]);
  interest_.closing(pair_[0]);
  EXPECT_EQ(stops, 1);
  EXPECT_EQ(interest_.watched(), 0U);
  interest_.closing(9999);  // never seen
}

TEST_F(InterestTest, ADescriptorThatIsClosedBeforeApplyIsNotWatched) {
  interest_.opened(pair_[0]);
  interest_.wish(owner(), pair_[0], CURL_POLL_OUT);
  interest_.closing(pair_[0]);
  close(pair_[0]);
  apply();
  EXPECT_EQ(starts, 0);
  EXPECT_EQ(host_.polls(), 0);
  pair_[0] = -1;
}

TEST_F(InterestTest, TheNextSocketOfTheSameNumberReusesTheHandle) {
  interest_.opened(pair_[0]);
  watch(pair_[0]);
  EXPECT_EQ(host_.polls(), 1);
  interest_.closing(pair_[0]);
  const int number = pair_[0];
  close(pair_[0]);
  int fresh[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fresh), 0);
  ASSERT_EQ(fresh[0], number) << "the lowest free number";
  pair_[0] = fresh[0];
  interest_.opened(number);
  interest_.wish(owner(1), number, CURL_POLL_IN);
  apply();
  EXPECT_EQ(host_.polls(), 1);
  EXPECT_EQ(interest_.watched(), 1U);
  EXPECT_EQ(interest_.event(number, 0, UV_READABLE).owner, owner(1));
  close(fresh[1]);
}

TEST_F(InterestTest, AForeignDescriptorOfAUsedNumberIsNotTakenForOurs) {
  interest_.opened(pair_[0]);
  watch(pair_[0]);
  interest_.closing(pair_[0]);
  watch(pair_[0]);  // the number again, now not from our OPENSOCKETFUNCTION
  interest_.wish(owner(), pair_[0], CURL_POLL_REMOVE);
  EXPECT_EQ(interest_.watched(), 0U);
}

TEST_F(InterestTest, ForgetUnwatchesOneOwner) {
  interest_.wish(owner(0), pair_[0], CURL_POLL_IN);
  interest_.wish(owner(1), pair_[1], CURL_POLL_IN);
  apply();
  interest_.forget(owner(0));
  EXPECT_EQ(interest_.watched(), 1U);
  EXPECT_EQ(interest_.event(pair_[0], 0, UV_READABLE).owner, nullptr);
  EXPECT_EQ(interest_.event(pair_[1], 0, UV_READABLE).owner, owner(1));
}

TEST_F(InterestTest, ASocketThatCannotBeWatchedFailsItsOwner) {
  fail_starts = 1;
  interest_.wish(owner(1), pair_[0], CURL_POLL_IN);
  apply();
  ASSERT_EQ(failed_.size(), 1U);
  EXPECT_EQ(failed_[0], owner(1));
  EXPECT_EQ(interest_.watched(), 0U);
}

TEST_F(InterestTest, AHandleThatCannotBeMadeFailsItsOwner) {
  host_.refuse(HandleFactory::Kind::poll);
  watch(pair_[0]);
  ASSERT_EQ(failed_.size(), 1U);
  EXPECT_EQ(failed_[0], owner());
}

// A socket stays registered lazily, so a wish may find it "watched already" by a handle that is
// gone.
TEST_F(InterestTest, AHandleThatTheHostClosedIsMadeAnew) {
  connect(pair_[0]);
  watch(pair_[0]);
  interest_.wish(owner(), pair_[0], CURL_POLL_REMOVE);
  host_.close_handles();
  watch(pair_[0]);
  EXPECT_EQ(host_.polls(), 2);
  EXPECT_EQ(starts, 2);
  EXPECT_TRUE(failed_.empty());
}

TEST_F(InterestTest, HandlesDoNotKeepTheLoopAlive) {
  watch(pair_[0]);
  EXPECT_EQ(uv_loop_alive(host_.loop()), 0);
}

TEST_F(InterestTest, StopUnwatchesAllAndNothingAfterTouchesAHandle) {
  watch(pair_[0]);
  interest_.stop();
  EXPECT_EQ(stops, 1);
  EXPECT_EQ(interest_.watched(), 0U);
  interest_.closing(pair_[0]);
  EXPECT_EQ(stops, 1);
}

}  // namespace
}  // namespace luvcurl::spec
