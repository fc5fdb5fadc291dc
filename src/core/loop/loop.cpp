#include "core/loop/loop.h"

#include <curl/curl.h>

#include <algorithm>
#include <exception>

#include "core/multi/lane.h"
#include "core/multi/multi.h"
#include "core/transfer/transfer.h"

namespace luvcurl {

namespace {

constexpr std::uint64_t never = UINT64_MAX;
constexpr std::uint64_t ns_of_ms = 1'000'000;
constexpr const char *lost_handles = "the host closed luvcurl's handles on its loop";

// A uv callback gets its handle, whose data is luv's: the Loop is found by the loop. A thread has
// one Lua state with luv nearly always, so this is a list of one. A bare pointer, which has no
// destructor: a state may be closed by an exit handler, when the thread's objects are gone.
thread_local Loop *first_of_thread = nullptr;

Quirks quirks_of_libcurl() {
  const unsigned int version = curl_version_info(CURLVERSION_NOW)->version_num;
  Quirks quirks;
  quirks.recheck_timer = version >= 0x080a00 && version <= 0x080b00;
  quirks.forgets_ftp = version < 0x080400;
  return quirks;
}

}  // namespace

Loop::Loop(uv_loop_t *loop, const UvApi &uv, HandleFactory &factory)
    : loop_(loop),
      uv_(uv),
      factory_(factory),
      quirks_(quirks_of_libcurl()),
      interest_(uv_, factory) {
  next_of_thread_ = first_of_thread;
  first_of_thread = this;
}

Loop::~Loop() {
  stop();
  Loop **link = &first_of_thread;
  while (*link != nullptr && *link != this) link = &(*link)->next_of_thread_;
  if (*link == this) *link = next_of_thread_;
}

Loop *Loop::of(const uv_loop_t *loop) noexcept {
  Loop *candidate = first_of_thread;
  while (candidate != nullptr && candidate->loop_ != loop) candidate = candidate->next_of_thread_;
  return candidate;
}

// --- handles ---

bool Loop::make_handles() {
  prepare_ = Handle(factory_.make(HandleFactory::Kind::prepare, -1));
  timer_ = Handle(factory_.make(HandleFactory::Kind::timer, -1));
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
  for (Multi *multi : multis_) multi->fail_all(nullptr, CURLE_ABORTED_BY_CALLBACK, lost_handles);
  return make_handles();
}

void Loop::lost() noexcept {
  // A transfer added since the host closed the handle has had it made anew, and ended the others.
  if (stopped_ || prepare_.get(uv_) != nullptr) return;
  for (Multi *multi : multis_) multi->fail_all(nullptr, CURLE_ABORTED_BY_CALLBACK, lost_handles);
  // No turn will come: the sinks are told here. What they start makes handles anew.
  deliver(never);
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
  // Backwards, since a Multi goes away with the last of its transfers.
  for (std::size_t i = multis_.size(); i-- > 0;) multis_[i]->abandon();
  while (next_announced()) {
  }
  interest_.stop();
  if (auto *prepare = prepare_.as<uv_prepare_t>(uv_)) uv_.prepare_stop(prepare);
  if (auto *timer = timer_.as<uv_timer_t>(uv_)) uv_.timer_stop(timer);
  // A Multi that dies later must not reach for cells that die with the host.
  prepare_ = Handle();
  timer_ = Handle();
  interest_.drop_handles();
}

// --- members ---

void Loop::join(Multi *multi) {
  multis_.push_back(multi);
  set_budget();
}

void Loop::leave(Multi *multi) noexcept {
  multis_.erase(std::remove(multis_.begin(), multis_.end(), multi), multis_.end());
  set_budget();
}

// The smallest that a Multi asks for.
void Loop::set_budget() noexcept {
  std::uint64_t budget = UINT64_MAX;
  for (const Multi *multi : multis_)
    budget = std::min(budget, static_cast<std::uint64_t>(multi->settings().turn_budget) * ns_of_ms);
  budget_.set(budget);
}

void Loop::announce(Transfer &transfer) noexcept {
  if (transfer.announced_) return;
  transfer.announced_ = true;
  auto &end = last_announced_ != nullptr ? last_announced_->next_announced_ : announced_;
  end = transfer.shared_from_this();
  last_announced_ = &transfer;
  wake();
}

std::shared_ptr<Transfer> Loop::next_announced() noexcept {
  std::shared_ptr<Transfer> first = std::move(announced_);
  if (!first) return nullptr;
  announced_ = std::move(first->next_announced_);
  if (!announced_) last_announced_ = nullptr;
  first->announced_ = false;
  return first;
}

// --- uv callbacks ---

void Loop::on_poll(uv_poll_t *poll, int status, int events) noexcept {
  Loop *self = of(reinterpret_cast<uv_handle_t *>(poll)->loop);
  uv_os_fd_t fd = -1;
  if (self == nullptr || self->uv_.fileno(reinterpret_cast<uv_handle_t *>(poll), &fd) != 0) return;
  try {
    // What is left of a burst waits for the next iteration: epoll tells of it again, but for
    // errors, of which libuv tells once.
    const bool has_budget = self->budget_.is_left();
    if (!self->polls_.may_work_on(fd, has_budget) && status == 0) {
      self->wake();
      return;
    }
    const Interest::Event event = self->interest_.event(fd, status, events);
    if (event.lane == nullptr) return;
    const std::uint64_t began = self->uv_.hrtime();
    event.lane->drive(fd, event.bits);
    self->interest_.settled(fd);
    self->budget_.event_took(self->uv_.hrtime() - began);
    self->wake();
  } catch (const std::exception &) {
    self->wake();  // the socket stays readable: the next iteration tries again
  }
}

void Loop::on_prepare(uv_prepare_t *prepare) noexcept {
  Loop *self = of(reinterpret_cast<uv_handle_t *>(prepare)->loop);
  if (self == nullptr) return;
  try {
    self->turn();
  } catch (const std::exception &) {
    self->has_work_ = false;
    self->wake();
  }
}

void Loop::on_timer(uv_timer_t *timer) noexcept {
  Loop *self = of(reinterpret_cast<uv_handle_t *>(timer)->loop);
  if (self == nullptr) return;
  self->armed_ = never;
  self->has_work_ = true;
  if (auto *prepare = self->prepare_.as<uv_prepare_t>(self->uv_))
    self->uv_.prepare_start(prepare, &on_prepare);
}

// --- one turn ---

void Loop::turn() {
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
    if (!deliver(until)) break;
  }
  if (has_work_ && uv_.hrtime() < until) work(until);
  interest_.apply([](Lane *lane) { lane->fail("a socket cannot be watched by the loop"); });
  schedule();
  const std::uint64_t ended = uv_.hrtime();
  polls_.turn_ended(ended / ns_of_ms);
  budget_.turn_took(ended - began);
}

void Loop::work(std::uint64_t until) {
  const std::uint64_t at = now();
  const bool due = deadline_ <= at;
  if (due) deadline_ = never;
  // Backwards and held, since a Multi goes away when the last of its transfers leaves its queue.
  for (std::size_t i = multis_.size(); i-- > 0;) {
    const std::shared_ptr<Multi> multi = multis_[i]->shared_from_this();
    if (due) multi->check_deadlines(at, polls_.looked_at());
    if (!multi->work(at, until)) has_work_ = true;
  }
}

// Returns whether anything was told, and there may thus be new work. What is announced meanwhile
// waits for the next round.
bool Loop::deliver(std::uint64_t until) {
  const Transfer *const last = last_announced_;
  bool any = false;
  while (const std::shared_ptr<Transfer> transfer = next_announced()) {
    // The script may run the loop: the others must be told there.
    if (announced_) has_work_ = true;
    told_ = any = true;
    transfer->deliver();
    if (transfer.get() == last || uv_.hrtime() >= until) break;
  }
  if (announced_) has_work_ = true;
  return any && uv_.hrtime() < until;
}

void Loop::schedule() noexcept {
  std::uint64_t next = deadline_;
  for (Multi *multi : multis_) next = std::min(next, multi->next_deadline());
  deadline_ = next;
  // A script that was told may wait by `while not done do uv.run('once') end`: that must get back
  // to it instead of waiting for an event of somebody else.
  const bool told = told_;
  told_ = false;
  if (has_work_ || told || announced_) {
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
