#pragma once

#include <curl/curl.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/decode/coding.h"

namespace luvcurl {

/// The headers of every response of one transfer: redirects, 1xx, the last one's, and its trailers.
///
/// The lines that HEADERFUNCTION sees are kept. libcurl's header API (7.84 and up) goes through its
/// whole list for each header that it gives: 300 kB of short ones would hold the loop for minutes.
/// It is asked for the headers of a proxy's answer to CONNECT only, which HEADERFUNCTION is not
/// told.
class Headers {
 public:
  /// Bytes, and 32 for each line, as HTTP/2 counts them: to read a line takes as long as some bytes
  /// do. libcurl itself takes 300 kB of headers before a body.
  static constexpr std::size_t most = 1024 * 1024;

  /// What a header belongs to; the order is that of the names scripts use. The status line that a
  /// response begins with is kept among them.
  enum class Kind : char { header, trailer, informational, connect, status };

  /// A redirect that was followed: which response it was, and where it came from.
  struct Hop {
    int response = 0;
    long status = 0;
    std::string url;
  };

  void clear();

  /// What one line of HEADERFUNCTION was.
  enum class Line { status, field, end };
  /// `aliases` are what else begins a response, of status 200 (CURLOPT_HTTP200ALIASES).
  Line line(std::string_view text, const std::vector<std::string> *aliases = nullptr);

  /// The body has begun: what follows is trailers.
  void body_began() { in_body_ = true; }

  /// Notes that the response just read redirects from `url`.
  void redirected(std::string url);

  /// Takes over a proxy's headers, which the lines do not have.
  void collect(CURL *easy);

  /// Calls `visit(name, value)` for each header of a kind, in order; `response` counts from 0, -1
  /// is the last one.
  template <class Visit>
  void each(Kind kind, int response, Visit &&visit) const {
    if (response < 0) response = last_;
    each_field(kind == Kind::connect ? proxy_records_ : records_, kind, response, visit);
  }

  /// Whether a response's headers have begun and not ended.
  bool in_block() const { return in_block_; }

  /// Whether the server has sent more of them for one response, 1xx and trailers included, than
  /// anybody wants: libcurl limits neither trailers nor their sum.
  bool excessive() const { return size_ > most; }

  /// Whether the response being read has a Content-Length that is no plain number, or two that
  /// differ: where its body ends, others may see otherwise.
  bool length_is_unclear() const { return length_is_unclear_; }

  /// Whether the response being read has a Content-Encoding or Transfer-Encoding, and which: an
  /// unknown one of the first leaves the content as it came.
  bool is_coded() const { return is_coded_; }
  decode::Codings codings() const;
  decode::Codings transfer_codings() const;

  long status() const { return status_; }
  const std::vector<Hop> &hops() const { return hops_; }

  /// The last URL with the fragment of the last that had one: redirects inherit it (RFC 9110,
  /// 10.2.2).
  std::string with_fragment(std::string url) const;

  /// The number of the response that is being read, or was read last.
  int last() const { return last_; }

  /// What the last status line has behind its number.
  std::string_view reason() const;

  /// The Location headers of the response just read that say something. libcurl follows the first,
  /// and takes no "Location :" for one.
  std::vector<std::string_view> locations() const;

  /// Has lines written to the memory of `spare`, if there are none yet.
  void write_to(std::string &spare);

  /// Gives that memory back; what was written takes as much as it needs. Throws std::bad_alloc, and
  /// has done nothing then.
  void written(std::string &spare);

 private:
  Line begin(std::string_view status_line, long status);
  bool begins(std::string_view line) const;
  void note(std::string_view line);
  void note_length(std::string_view value);
  Line field(std::string_view line);
  void fold(std::string_view line);
  void keep(Kind kind, std::string_view line);
  bool begins_response(std::size_t record) const {
    return record < records_.size() && records_[record] == static_cast<char>(Kind::status);
  }

  // The line of the record that the view begins with, which is taken off it.
  static std::string_view next_line(std::string_view *records);

  template <class Visit>
  static void each_field(std::string_view records, Kind kind, int response, Visit &&visit) {
    while (!records.empty()) {
      const bool is_one =
          records[0] == static_cast<char>(kind) && records[1] == number_of(response);
      const std::string_view line = next_line(&records);
      const std::size_t colon = is_one ? line.find(':') : std::string_view::npos;
      if (colon == std::string_view::npos) continue;
      visit(readable(line.substr(0, colon)), readable(line.substr(colon + 1)));
    }
  }

  // Without white space around it, and up to a NUL.
  static std::string_view readable(std::string_view text);

  // More responses than a byte counts are told as one.
  static char number_of(int response) { return static_cast<char>(std::min(response, 255)); }
  static constexpr std::uint64_t unknown = UINT64_MAX;
  static constexpr std::size_t record_head = 2 + sizeof(std::uint32_t);
  static void record(std::string &records, Kind kind, int response, std::string_view line);

  // Kind, response, size of the line, line; over and over. Lines are taken apart when somebody asks
  // for them.
  std::string records_;
  std::string proxy_records_;
  std::size_t last_record_ = 0;    // where in records_ it begins
  std::size_t last_response_ = 0;  // the status line of the one just read
  std::vector<Hop> hops_;
  long status_ = 0;
  int last_ = 0;          // number of the response just read
  int finished_ = 0;      // responses (not 1xx) whose headers have ended
  std::size_t size_ = 0;  // bytes of the lines for the response being read
  std::uint64_t length_ = unknown;
  bool length_is_unclear_ = false;
  bool is_coded_ = false;
  bool in_block_ = false;
  bool in_body_ = false;
};

}  // namespace luvcurl
