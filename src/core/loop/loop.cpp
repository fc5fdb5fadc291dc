#include "core/loop/loop.h"

#include <algorithm>
#include <exception>

namespace luvcurl {

namespace {

constexpr std::uint64_t never = UINT64_MAX;
constexpr std::uint64_t ns_of_ms = 1'000'000;

// A uv callback gets its handle, whose data is luv's: the Loop is found by whose handle it is. A
// thread has one Lua state with luv nearly always, so this is a list of one; but two states may be
// on one loop (luv_set_loop). A bare pointer, which has no
// destructor: a state may be closed by an exit handler, when the thread's objects are gone.
thread_local Loop *first_of_thread = nullptr;

}  // namespace

Loop::Loop(uv_loop_t *loop, const UvApi &uv, HandleFactory &factory)
    : loop_(loop), uv_(uv), factory_(factory), interest_(uv_, factory, &on_poll) {
  next_of_thread_ = first_of_thread;
  first_of_thread = this;
}

Loop::~Loop() {
  stop();
  Loop **link = &first_of_thread;
  while (*link != nullptr && *link != this) link = &(*link)->next_of_thread_;
  if (*link == this) *link = next_of_thread_;
}

template <class IsOwn>
Loop *Loop::of(const uv_handle_t *handle, IsOwn &&is_own) noexcept {
  Loop *candidate = first_of_thread;
  while (candidate != nullptr && !(candidate->loop_ == handle->loop && is_own(*candidate)))
    candidate = candidate->next_of_thread_;
  return candidate;
}

// --- handles ---

bool Loop::make_handles() {
  const Handle made_prepare(factory_.make(HandleFactory::Kind::prepare, -1));
  const Handle made_timer(factory_.make(HandleFactory::Kind::timer, -1));
  // A finalizer of the script's that ran meanwhile may have led here, too.
  if (prepare_.get(uv_) != nullptr && timer_.get(uv_) != nullptr) return true;
  prepare_ = made_prepare;
  timer_ = made_timer;
  armed_ = never;
  auto *prepare = prepare_.get(uv_);
  auto *timer = timer_.get(uv_);
  if (prepare == nullptr || timer == nullptr) return false;
  uv_.unref(timer);
  if (holds_ == 0) uv_.unref(prepare);
  // What was wished for while there were no handles, or of the ones before these.
  interest_.stop();
  has_work_ = false;
  wake();
  return true;
}

bool Loop::ensure() {
  if (stopped_) return false;
  if (prepare_.get(uv_) != nullptr && timer_.get(uv_) != nullptr) return true;
  for (Participant *participant : participants_) participant->handles_lost();
  return make_handles();
}

void Loop::lost() noexcept {
  // What began since the host closed the handle has had it made anew, and ended the rest.
  if (stopped_ || prepare_.get(uv_) != nullptr) return;
  for (Participant *participant : participants_) participant->handles_lost();
  // No turn will come: it is told here. What is started by that makes handles anew.
  deliver(announced_, never);
  ask_elsewhere(never);
}

void Loop::wake() noexcept {
  if (has_work_) return;
  has_work_ = true;
  if (auto *prepare = prepare_.as<uv_prepare_t>(uv_)) uv_.prepare_start(prepare, &on_prepare);
  // When this is called after our prepare callback in an iteration (from another prepare handle),
  // the loop would wait without us: a due timer keeps it from waiting.
  arm(0);
}

void Loop::hold(int change) noexcept {
  const bool held = holds_ > 0;
  holds_ += change;
  if (held == (holds_ > 0)) return;
  auto *prepare = prepare_.get(uv_);
  if (prepare == nullptr) return;
  if (holds_ > 0) {
    uv_.ref(prepare);
    uv_.prepare_start(reinterpret_cast<uv_prepare_t *>(prepare), &on_prepare);
  } else {
    uv_.unref(prepare);
  }
}

void Loop::announce(Announced &one) noexcept {
  const bool elsewhere = elsewhere_ != nullptr && !one.is_fast();
  if ((elsewhere ? announced_elsewhere_ : announced_).add(one)) wake();
}

void Loop::note_deadline(std::uint64_t deadline) noexcept {
  if (deadline >= deadline_) return;
  deadline_ = deadline;
  if (!has_work_ && deadline < armed_) arm(deadline);
}

// A zero timer is safe here though libuv < 1.48 runs one that its own callback re-arms in the same
// pass (libuv#4250): on_timer never arms.
void Loop::arm(std::uint64_t deadline) noexcept {
  if (deadline == armed_) return;
  armed_ = deadline;
  auto *timer = timer_.as<uv_timer_t>(uv_);
  if (timer == nullptr) return;
  const std::uint64_t at = uv_.now(loop_);  // what libuv counts from
  if (deadline == never) {
    uv_.timer_stop(timer);
  } else {
    uv_.timer_start(timer, &on_timer, deadline > at ? deadline - at : 0, 0);
  }
}

void Loop::stop() noexcept {
  stopped_ = true;
  // Backwards, since one may leave, and go away, with what it lets go of.
  for (std::size_t i = participants_.size(); i-- > 0;) participants_[i]->abandon();
  for (Announcements *announced : {&announced_, &announced_elsewhere_}) {
    while (announced->next()) {
    }
  }
  interest_.stop();
  if (auto *prepare = prepare_.as<uv_prepare_t>(uv_)) uv_.prepare_stop(prepare);
  if (auto *timer = timer_.as<uv_timer_t>(uv_)) uv_.timer_stop(timer);
  // What dies later must not reach for cells that die with the host.
  prepare_ = Handle();
  timer_ = Handle();
  interest_.drop_handles();
}

// --- participants ---

void Loop::join(Participant *participant) {
  participants_.push_back(participant);
  set_budget();
}

void Loop::leave(Participant *participant) noexcept {
  participants_.erase(std::remove(participants_.begin(), participants_.end(), participant),
                      participants_.end());
  set_budget();
}

void Loop::set_budget() noexcept {
  std::uint64_t budget = UINT64_MAX;
  for (const Participant *participant : participants_)
    budget = std::min(budget, participant->turn_budget() * ns_of_ms);
  budget_.set(budget);
}

// --- uv callbacks ---

void Loop::on_poll(uv_poll_t *poll, int status, int events) noexcept {
  const auto *handle = reinterpret_cast<uv_handle_t *>(poll);
  curl_socket_t fd = CURL_SOCKET_BAD;
  Loop *self = of(handle, [&](const Loop &loop) {
    uv_os_fd_t descriptor{};
    if (loop.uv_.fileno(handle, &descriptor) != 0) return false;
    fd = socket_of(descriptor);
    return loop.interest_.owns(fd, handle);
  });
  if (self == nullptr) return;
  try {
    // What is left of a burst waits for the next iteration: epoll tells of it again, but for
    // errors, of which libuv tells once.
    const bool has_budget = self->budget_.is_left();
    if (!self->polls_.may_work_on(fd, has_budget) && status == 0) {
      self->wake();
      return;
    }
    const Interest::Event event = self->interest_.event(fd, status, events);
    if (event.owner == nullptr) return;
    const std::uint64_t began = self->uv_.hrtime();
    event.owner->drive(fd, event.bits);
    self->interest_.settled(fd);
    self->budget_.event_took(self->uv_.hrtime() - began);
    self->wake();
  } catch (const std::exception &) {
    self->wake();  // the socket stays readable: the next iteration tries again
  }
}

void Loop::on_prepare(uv_prepare_t *prepare) noexcept {
  const auto *handle = reinterpret_cast<uv_handle_t *>(prepare);
  Loop *self = of(handle, [&](const Loop &loop) { return loop.prepare_.get(loop.uv_) == handle; });
  if (self == nullptr) return;
  // A script that was called elsewhere may run the loop.
  const bool outer = self->is_elsewhere_;
  self->is_elsewhere_ = false;
  try {
    self->turn();
  } catch (const std::exception &) {
    self->has_work_ = false;
    self->wake();
  }
  self->is_elsewhere_ = outer;
}

void Loop::on_timer(uv_timer_t *timer) noexcept {
  const auto *handle = reinterpret_cast<uv_handle_t *>(timer);
  Loop *self = of(handle, [&](const Loop &loop) { return loop.timer_.get(loop.uv_) == handle; });
  if (self == nullptr) return;
  self->armed_ = never;
  self->ran_ = true;  // timers come before the first turn
  self->has_work_ = true;
  if (auto *prepare = self->prepare_.as<uv_prepare_t>(self->uv_))
    self->uv_.prepare_start(prepare, &on_prepare);
}

// --- one turn ---

void Loop::turn() {
  ran_ = true;
  const std::uint64_t began = uv_.hrtime();
  budget_.turn_begins();
  polls_.turn_begins(began / ns_of_ms);
  if (!has_work_ && deadline_ > began / ns_of_ms) return;
  const std::uint64_t until = began + budget_.of_turn();
  // What a callback starts is begun in the same turn, so that it costs no further iteration; a
  // script that never ends this gets a new turn, after the loop has looked at everything else.
  constexpr int rounds = 4;
  for (int round = 0; round < rounds; ++round) {
    has_work_ = false;
    work(round == 0 ? began + budget_.of_turn() / 2 : until);
    if (!deliver(announced_, until) && !ask_elsewhere(until)) break;
  }
  if (has_work_ && uv_.hrtime() < until) work(until);
  interest_.apply([](SocketOwner *owner) { owner->unwatchable(); });
  schedule();
  const std::uint64_t ended = uv_.hrtime();
  polls_.turn_ended(ended / ns_of_ms);
  budget_.turn_took(ended - began);
}

void Loop::work(std::uint64_t until) {
  const Turn turn{now(), until, polls_.looked_at()};
  if (deadline_ <= turn.now) deadline_ = never;
  // Backwards, since one may go away at the end of its work.
  for (std::size_t i = participants_.size(); i-- > 0;) {
    if (!participants_[i]->work(turn)) has_work_ = true;
  }
}

// Returns whether anything was told, and there may thus be new work. What is announced meanwhile
// waits for the next round.
bool Loop::deliver(Announcements &announced, std::uint64_t until) {
  const Announced *const last = announced.last();
  bool any = false;
  while (const std::shared_ptr<Announced> one = announced.next()) {
    // A script may run the loop: the others must tell there.
    if (!announced.empty()) has_work_ = true;
    told_ = any = true;
    one->tell();
    if (one.get() == last || uv_.hrtime() >= until) break;
  }
  if (!announced.empty()) has_work_ = true;
  return any && uv_.hrtime() < until;
}

// Returns whether anything was told: in this turn, since there is no elsewhere just now.
bool Loop::ask_elsewhere(std::uint64_t until) {
  if (announced_elsewhere_.empty()) return false;
  if (elsewhere_->is_shut()) return deliver(announced_elsewhere_, until);
  if (!asked_) asked_ = elsewhere_->ask();
  return !asked_ && deliver(announced_elsewhere_, until);
}

void Loop::tell_elsewhere() {
  asked_ = false;
  if (stopped_) return;
  const std::uint64_t until = uv_.hrtime() + budget_.of_turn();
  const Announced *const last = announced_elsewhere_.last();
  const bool outer = is_elsewhere_;
  is_elsewhere_ = true;
  while (const std::shared_ptr<Announced> one = announced_elsewhere_.next()) {
    if (!announced_elsewhere_.empty()) wake();  // a script may wait for the others
    one->tell();
    if (one.get() == last || uv_.hrtime() >= until) break;
  }
  is_elsewhere_ = outer;
  wake();  // for what scripts have asked for, and what was too much for one go
}

void Loop::schedule() noexcept {
  std::uint64_t next = deadline_;
  for (const Participant *participant : participants_)
    next = std::min(next, participant->next_deadline());
  deadline_ = next;
  // A script that was told may wait by `while not done do uv.run('once') end`: that must get back
  // to it instead of waiting for an event of somebody else.
  const bool told = told_;
  told_ = false;
  if (has_work_ || told || !announced_.empty()) {
    has_work_ = true;
    armed_ = never;
    arm(0);
    return;
  }
  arm(next);
  if (holds_ == 0) {
    if (auto *prepare = prepare_.as<uv_prepare_t>(uv_)) uv_.prepare_stop(prepare);
  }
}

}  // namespace luvcurl
