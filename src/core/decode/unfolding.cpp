#include "core/decode/unfolding.h"

#include <algorithm>

namespace luvcurl::decode {

namespace {

// Bytes that a decoder is given at a time: of some it takes long, though nothing comes out.
constexpr std::size_t most_in = 4096;

// Bytes that wait between two decoders at most.
constexpr std::size_t between = 16384;

}  // namespace

struct Unfolding::Stage {
  Coding coding = Coding::gzip;
  std::unique_ptr<Decoder> decoder;  // made when its first byte comes
  std::string bytes;                 // for it, those before `taken` are done
  std::size_t taken = 0;

  std::string_view waiting() const { return std::string_view(bytes).substr(taken); }
  bool can_work() const { return taken < bytes.size() || (decoder && decoder->has_more()); }
  bool is_whole() const { return !decoder || decoder->is_whole(); }
  bool is_slow() const { return decoder && decoder->is_slow(waiting()); }
};

Unfolding::Unfolding(const std::vector<Coding> &codings) {
  for (auto coding = codings.rbegin(); coding != codings.rend(); ++coding) {
    stages_.emplace_back();
    stages_.back().coding = *coding;
  }
}

Unfolding::~Unfolding() = default;

void Unfolding::feed(const char *bytes, std::size_t size) {
  Stage &first = stages_.front();
  if (first.taken == first.bytes.size()) {
    first.bytes.clear();
    first.taken = 0;
  }
  if (!first.decoder && size > 0) first.decoder = make_decoder(first.coding);
  first.bytes.append(bytes, size);
}

// The last one that can: what is unfolded goes on its way before there is more.
std::size_t Unfolding::runnable() const {
  const std::size_t first = is_broken() ? broken_ + 1 : 0;
  for (std::size_t i = stages_.size(); i-- > first;) {
    if (stages_[i].can_work()) return i;
  }
  return none;
}

bool Unfolding::is_slow() const {
  const std::size_t index = runnable();
  return index != none && stages_[index].is_slow();
}

std::size_t Unfolding::step(char *out, std::size_t size) {
  const std::size_t index = runnable();
  if (index == none) return 0;
  Stage &stage = stages_[index];
  const bool is_last = index + 1 == stages_.size();
  Room room{out, size};
  if (!is_last) {
    Stage &next = stages_[index + 1];
    if (!next.decoder) next.decoder = make_decoder(next.coding);
    next.bytes.resize(between);
    next.taken = between;  // none yet
    room = {&next.bytes[0], between};
  }
  const std::size_t before = room.size;
  std::string_view in = stage.waiting().substr(0, most_in);
  const std::size_t given = in.size();
  if (!stage.decoder->step(&in, &room)) broken_ = index;
  stage.taken += given - in.size();
  const std::size_t produced = before - room.size;
  if (is_last) return produced;
  stages_[index + 1].bytes.resize(produced);
  stages_[index + 1].taken = 0;
  return 0;
}

std::size_t Unfolding::unfinished() const {
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    if (!stages_[i].is_whole()) return i;
  }
  return none;
}

bool Unfolding::is_whole() const { return is_idle() && !is_broken() && unfinished() == none; }

std::string Unfolding::why() const {
  if (is_broken()) {
    const Stage &stage = stages_[broken_];
    return std::string(name_of(stage.coding)) + ": " + stage.decoder->why();
  }
  const std::size_t index = unfinished();
  return index == none ? std::string() : name_of(stages_[index].coding);
}

}  // namespace luvcurl::decode
