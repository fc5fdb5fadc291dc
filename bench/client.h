#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <cstdio>
#include <string>

/// What the bench's C++ clients share: the command line, the checks and the measurement
/// (README.md), and what makes a transfer the one asked for. Nothing here is about speed.
namespace bench {

enum class Workload { get, down, down_file, up_file, post_json };

struct Options {
  std::string url;
  long requests = 0;
  long in_flight = 0;
  Workload workload = Workload::get;
  bool http2 = false;
  std::string cacert;
  std::string file;
  curl_off_t file_size = 0;  ///< of the file to send
};

/// Reads the command line. Ends the process: with 3 for a workload that these clients lack, with 2
/// for what cannot be understood.
Options parse(int argc, char **argv);

/// Counts the requests of the warm-up, then those that are measured.
class Progress {
 public:
  explicit Progress(const Options &options);

  /// Whether another request is to be started now; then it counts as started.
  bool next();

  /// A request ended. `length` are the bytes of its body.
  void done(CURLcode code, long status, curl_off_t length, const char *message);

  bool finished() const { return finished_; }

  /// Prints the line.
  void report() const;

 private:
  struct Clocks {
    double wall, user, system;
  };
  static Clocks clocks();

  const long requests_;
  const long in_flight_;
  long left_;
  long running_ = 0;
  long failed_ = 0;
  curl_off_t expected_ = -1;
  curl_off_t bytes_ = 0;
  bool warm_ = false;
  bool finished_ = false;
  bool told_ = false;
  Clocks began_{};
  Clocks ended_{};
};

/// What belongs to one request beside its easy handle.
class Exchange {
 public:
  explicit Exchange(const Options &options) : options_(options) {}
  ~Exchange() { close(); }
  Exchange(const Exchange &) = delete;
  Exchange &operator=(const Exchange &) = delete;

  /// Makes `easy` ask for what the options say. Once for each easy handle.
  void set_up(CURL *easy);

  /// Before each request.
  void begin();

  /// After each: gives what came (or went) to `progress`.
  void end(CURL *easy, CURLcode code, Progress &progress);

 private:
  static std::size_t on_write(char *bytes, std::size_t, std::size_t size, void *self);
  static std::size_t on_read(char *bytes, std::size_t, std::size_t size, void *self);
  void close();

  const Options &options_;
  std::string body_;
  curl_off_t length_ = 0;
  std::FILE *file_ = nullptr;
};

}  // namespace bench
