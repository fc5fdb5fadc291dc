// What lives on the loop and is no transfer: it takes part in turns, owns a socket, has something
// to tell, and ends when the host takes the handles. Nothing of transfer/ or multi/ is needed.
#include "core/loop/participant.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "core/loop/loop.h"
#include "support/host.h"

namespace luvcurl::spec {
namespace {

using Calls = std::vector<std::string>;

/// Reads what comes over a socket, and says so.
class Listener final : public Participant, public SocketOwner, public Announced {
 public:
  Listener(std::shared_ptr<Loop> loop, int fd, Calls &calls)
      : loop_(std::move(loop)), fd_(fd), calls_(calls) {
    loop_->join(this);
    loop_->hold(1);
    loop_->interest().wish(this, fd_, CURL_POLL_IN);
    loop_->wake();
  }
  ~Listener() {
    loop_->interest().forget(this);
    loop_->leave(this);
  }

  /// Wants to work at this loop time.
  void work_at(std::uint64_t deadline) {
    deadline_ = deadline;
    loop_->note_deadline(deadline);
  }

  /// Wants to be told of.
  void announce(const std::string &what) {
    news_ = what;
    loop_->announce(*this);
  }

  bool work(const Turn &turn) override {
    if (deadline_ > turn.now) return true;
    calls_.push_back("work");
    deadline_ = UINT64_MAX;
    end();
    return true;
  }
  std::uint64_t next_deadline() const override { return deadline_; }
  bool spare() override { return false; }
  std::uint64_t turn_budget() const override { return 5; }

  void drive(curl_socket_t fd, int) override {
    char bytes[16];
    const auto size = recv(fd, bytes, sizeof bytes, 0);
    announce(std::string(bytes, size > 0 ? static_cast<std::size_t>(size) : 0));
  }
  void unwatchable() override { announce("unwatchable"); }
  void handles_lost() noexcept override { announce("lost"); }
  void shut_down() noexcept override { announce("shut down"); }
  bool has_told() const override { return news_.empty(); }
  bool rest() noexcept override { return !held_; }

  // The last word: the loop stays alive until then.
  void tell() override {
    calls_.push_back("told " + news_);
    if (news_ != "hello") end();
  }

  void abandon() noexcept override {
    calls_.push_back("abandoned");
    end();
  }

 private:
  void end() noexcept {
    if (held_) loop_->hold(-1);
    held_ = false;
    loop_->interest().forget(this);
  }

  std::shared_ptr<Loop> loop_;
  int fd_;
  Calls &calls_;
  std::uint64_t deadline_ = UINT64_MAX;
  std::string news_;
  bool held_ = true;
};

class ParticipantTest : public ::testing::Test {
 protected:
  ParticipantTest() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair_), 0); }
  ~ParticipantTest() override {
    listener_.reset();
    for (const int fd : pair_) close(fd);
  }

  Listener &listen() {
    EXPECT_TRUE(host_.luvcurl()->ensure());
    listener_ = std::make_shared<Listener>(host_.luvcurl(), pair_[0], calls_);
    return *listener_;
  }
  void send(const std::string &bytes) {
    EXPECT_EQ(write(pair_[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }

  int pair_[2] = {-1, -1};
  Calls calls_;
  PlainHost host_;
  std::shared_ptr<Listener> listener_;
};

TEST_F(ParticipantTest, IsDrivenByItsSocketAndToldOfInATurn) {
  listen();
  send("hello");
  ASSERT_TRUE(host_.run_until([&] { return !calls_.empty(); }));
  send("end");
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(calls_, (Calls{"told hello", "told end"}));
  EXPECT_EQ(host_.polls(), 1);
}

TEST_F(ParticipantTest, WorksAtItsDeadlineAndKeepsTheLoopUntilThen) {
  Listener &listener = listen();
  const std::uint64_t now = host_.luvcurl()->now();
  listener.work_at(now + 30);
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(calls_, Calls{"work"});
  EXPECT_GE(host_.luvcurl()->now(), now + 30);
}

TEST_F(ParticipantTest, IsListedOnce) {
  Listener &listener = listen();
  listener.announce("first");
  listener.announce("end");
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(calls_, Calls{"told end"});
}

TEST_F(ParticipantTest, IsHeldUntilItHasTold) {
  listen().announce("end");
  const std::weak_ptr<Listener> listener = listener_;
  listener_.reset();
  EXPECT_FALSE(listener.expired());
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(calls_, Calls{"told end"});
  EXPECT_TRUE(listener.expired());
}

TEST_F(ParticipantTest, HearsThatItsSocketCannotBeWatched) {
  host_.refuse(HandleFactory::Kind::poll);
  listen();
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(calls_, Calls{"told unwatchable"});
}

TEST_F(ParticipantTest, EndsWhenTheHostTakesTheHandles) {
  listen();
  host_.run_for(1);
  host_.close_handles();
  EXPECT_TRUE(host_.luvcurl()->ensure());
  ASSERT_TRUE(host_.run());
  EXPECT_EQ(calls_, Calls{"told lost"});
}

TEST_F(ParticipantTest, IsLetGoWithoutAWordWhenTheStateCloses) {
  listen().announce("never");
  host_.luvcurl()->stop();
  EXPECT_EQ(calls_, Calls{"abandoned"});
}

}  // namespace
}  // namespace luvcurl::spec
