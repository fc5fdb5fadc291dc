#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/curl/easy.h"
#include "core/multi/shares.h"

namespace luvcurl {

class Interest;

/// Easy handles by option set.
class Pool {
 public:
  explicit Pool(Interest &interest) : interest_(interest) {}

  /// A handle that carries `options`, or nullptr with `*error` when libcurl
  /// refuses one of them. Throws std::bad_alloc.
  std::unique_ptr<Easy> acquire(const Options &options, BodyKind body, std::string *error);

  /// Takes a handle back: out of its CURLM, its transfer over.
  void release(std::unique_ptr<Easy> easy) noexcept;

  /// Whether libcurl takes these options: a handle is made for a set not seen before, and kept.
  bool check(const Options &options, BodyKind body, std::string *error);

 private:
  // More sets than this and the oldest habits are forgotten all at once.
  static constexpr std::size_t max_sets = 64;
  static constexpr std::size_t max_idle = 1024;

  struct Bucket {
    Options options;
    BodyKind body = BodyKind::none;
    std::vector<std::unique_ptr<Easy>> idle;
  };

  Bucket &bucket(const Options &options, BodyKind body);
  std::unique_ptr<Easy> make(const Options &options, BodyKind body, std::string *error);

  Interest &interest_;
  Shares shares_;
  std::unordered_multimap<std::size_t, Bucket> buckets_;
  Bucket *last_ = nullptr;  // most requests are like the one before
  std::size_t idle_ = 0;
};

}  // namespace luvcurl
