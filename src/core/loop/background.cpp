#include "core/loop/background.h"

#include <memory>

#include "core/loop/loop.h"

namespace luvcurl {

bool Loop::in_background(std::unique_ptr<Background> job) noexcept {
  job->request_.data = job.get();
  if (uv_.queue_work(loop_, &job->request_, &Background::on_work, &Background::on_worked) != 0)
    return false;
  static_cast<void>(job.release());  // on_worked has it from here
  return true;
}

void Background::on_work(uv_work_t *request) noexcept {
  static_cast<Background *>(request->data)->work();
}

void Background::on_worked(uv_work_t *request, int) noexcept {
  const std::unique_ptr<Background> job(static_cast<Background *>(request->data));
  job->worked();
}

}  // namespace luvcurl
