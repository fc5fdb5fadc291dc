#include "core/transfer/unpacking.h"

#include <array>
#include <new>

#include "core/loop/background.h"
#include "core/loop/loop.h"
#include "core/transfer/transfer.h"

namespace luvcurl {

namespace {

class Step final : public Background {
 public:
  Step(std::shared_ptr<decode::Unfolding> unfolding, const std::shared_ptr<Transfer> &transfer)
      : unfolding_(std::move(unfolding)), transfer_(transfer) {}

  void work() noexcept override {
    try {
      while (size_ == 0 && unfolding_->is_slow())
        size_ = unfolding_->step(bytes_.data(), bytes_.size());
    } catch (const std::bad_alloc &) {
      is_out_of_memory_ = true;
    }
  }

  void worked() noexcept override {
    unfolding_.reset();
    if (const auto transfer = transfer_.lock())
      transfer->unfolded({bytes_.data(), size_}, is_out_of_memory_);
  }

 private:
  std::shared_ptr<decode::Unfolding> unfolding_;
  std::weak_ptr<Transfer> transfer_;
  std::array<char, Unpacking::piece> bytes_{};
  std::size_t size_ = 0;
  bool is_out_of_memory_ = false;
};

}  // namespace

bool Unpacking::send_away(Loop &loop, const std::shared_ptr<Transfer> &transfer) {
  is_away_ = loop.in_background(std::make_unique<Step>(unfolding_, transfer));
  return is_away_;
}

}  // namespace luvcurl
