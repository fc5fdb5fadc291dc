#pragma once

#include <curl/curl.h>

#include <string>
#include <string_view>
#include <vector>

namespace luvcurl {

/// The headers of every response of one transfer: redirects, 1xx, the last one's, and its trailers.
///
/// libcurl's header API is asked where the loaded libcurl has it (7.84 and up); otherwise the lines
/// that HEADERFUNCTION sees are kept. Status lines always come from there, since the API leaves
/// them out.
class Headers {
 public:
  /// What a header belongs to. The order is that of the names scripts use.
  enum class Kind : char { header, trailer, informational, connect };

  /// A redirect that was followed: which response it was, and where it came from.
  struct Hop {
    int response = 0;
    long status = 0;
    std::string url;
  };

  void clear();

  /// What one line of HEADERFUNCTION was.
  enum class Line { status, field, end };
  Line line(std::string_view text);

  /// The body has begun: what follows is trailers.
  void body_began() { in_body_ = true; }

  /// Notes that the response just read redirects from `url`.
  void redirected(std::string url);

  /// Takes over what libcurl has of the headers by now; does nothing when no line came since the
  /// last time.
  void collect(CURL *easy);

  /// Calls `visit(name, value)` for each header of a kind, in order; `response` counts from 0, -1
  /// is the last one.
  template <class Visit>
  void each(Kind kind, int response, Visit &&visit) const {
    if (response < 0) response = last_;
    const char *at = records_.data();
    const char *const end = at + records_.size();
    while (at < end) {
      const char record_kind = at[0];
      const int record_response = static_cast<unsigned char>(at[1]);
      const char *name = at + 2;
      const std::string_view value(name + std::string_view(name).size() + 1);
      at = value.data() + value.size() + 1;
      if (record_kind == static_cast<char>(kind) && record_response == response) visit(name, value);
    }
  }

  long status() const { return status_; }
  const std::string &reason() const { return reason_; }
  const std::vector<Hop> &hops() const { return hops_; }

  /// The Location header of the response just read; empty when it has none.
  const std::string &location() const { return location_; }

 private:
  void record(Kind kind, int response, std::string_view name, std::string_view value);

  std::string records_;  // kind, response, name, NUL, value, NUL; over and over
  std::string reason_;
  std::string location_;
  std::vector<Hop> hops_;
  long status_ = 0;
  std::size_t bytes_ = 0;  // of header lines seen
  std::size_t lines_ = 0;
  int last_ = 0;      // number of the response just read
  int finished_ = 0;  // responses (not 1xx) whose headers have ended
  bool in_body_ = false;
  bool stale_ = false;  // lines came since collect()
};

}  // namespace luvcurl
