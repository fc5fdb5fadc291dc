// How a Loop comes to rest: everything ends, and what nobody needs any more is given up.

#include <algorithm>

#include "core/loop/loop.h"

namespace luvcurl {

bool Loop::shut_down() {
  if (!ensure()) return false;
  for (Participant *participant : participants_) participant->shut_down();
  return true;
}

bool Loop::has_told() const {
  return std::all_of(participants_.begin(), participants_.end(),
                     [](const Participant *participant) { return participant->has_told(); });
}

bool Loop::spare() {
  bool any = false;
  for (Participant *participant : participants_) any = participant->spare() || any;
  return any;
}

// Backwards, since one may leave.
std::vector<uv_handle_t **> Loop::rest() {
  bool all_rest = holds_ == 0;
  for (std::size_t i = participants_.size(); i-- > 0;)
    all_rest = participants_[i]->rest() && all_rest;
  std::vector<uv_handle_t **> cells = interest_.unneeded(uv_.backend_fd(loop_));
  for (const Handle &handle : {prepare_, timer_})
    if (all_rest && handle.get(uv_) != nullptr) cells.push_back(handle.cell());
  return cells;
}

bool Loop::let_go(uv_handle_t **cell) noexcept {
  if (cell != prepare_.cell() && cell != timer_.cell()) return interest_.let_go(cell);
  for (Participant *participant : participants_)
    if (holds_ > 0 || !participant->rest()) return false;
  (cell == prepare_.cell() ? prepare_ : timer_) = Handle();
  return true;
}

}  // namespace luvcurl
