#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace luvcurl::decode {

/// What a body can be packed by.
enum class Coding { gzip, deflate, brotli, zstd };

/// As it stands in a Content-Encoding.
const char *name_of(Coding coding);

/// What this build can undo, as an Accept-Encoding says it; "identity" if that is nothing.
const std::string &supported();

/// More codings of one body than this are no sensible server's.
constexpr std::size_t most_codings = 4;

/// The codings of a body, in the order in which they were applied.
class Codings {
 public:
  /// Reads one header's value: names, separated by commas. Later headers go on with the list.
  void add(std::string_view list);

  /// Goes on with those of a Transfer-Encoding, but for "chunked".
  void add_transfer(std::string_view list);

  /// One of them is none of the known ones.
  bool has_unknown() const { return unknown_; }

  /// Nothing is to be undone: there is none, or one that nobody here knows, and the bytes are left
  /// as they came then, as browsers do.
  bool empty() const { return unknown_ || codings_.empty(); }
  bool too_many() const { return codings_.size() > most_codings; }

  const std::vector<Coding> &list() const { return codings_; }

 private:
  template <class Visit>
  static void each(std::string_view list, Visit &&visit);
  void add_one(std::string_view name);

  std::vector<Coding> codings_;
  bool unknown_ = false;
};

}  // namespace luvcurl::decode
