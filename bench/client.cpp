#include "client.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <cinttypes>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace bench {

namespace {

[[noreturn]] void leave(int status, const std::string &why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(status);
}

Workload workload_of(const std::string &name) {
  if (name == "get") return Workload::get;
  if (name == "down" || name == "down-chunks") return Workload::down;
  if (name == "down-file") return Workload::down_file;
  if (name == "up-file") return Workload::up_file;
  if (name == "post-json") return Workload::post_json;
  leave(3, "no workload " + name);
}

long count_of(const char *text) {
  const long count = std::strtol(text, nullptr, 10);
  if (count < 1) leave(2, std::string("not a count: ") + text);
  return count;
}

const std::string &json() {
  static const std::string text = "{\"text\":\"" + std::string(1013, 'x') + "\"}";
  return text;
}

// What luvcurl sends unasked, so that all put the same request on the wire. libcurl makes such
// lines itself at twice the cost.
curl_slist *new_headers() {
  return curl_slist_append(curl_slist_append(nullptr, "User-Agent: luvcurl/0.1.0"),
                           "Accept-Encoding: deflate, gzip, br, zstd");
}

curl_slist *headers(bool with_json) {
  static curl_slist *const plain = new_headers();
  static curl_slist *const json =
      curl_slist_append(new_headers(), "Content-Type: application/json");
  return with_json ? json : plain;
}

long peak_memory() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.compare(0, 6, "VmHWM:") == 0) return std::strtol(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

double seconds(const timeval &time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

Options parse(int argc, char **argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--http2") {
      options.http2 = true;
      continue;
    }
    if (++i == argc) leave(2, name + " takes a value");
    if (name == "--url") {
      options.url = argv[i];
    } else if (name == "--requests") {
      options.requests = count_of(argv[i]);
    } else if (name == "--in-flight") {
      options.in_flight = count_of(argv[i]);
    } else if (name == "--workload") {
      options.workload = workload_of(argv[i]);
    } else if (name == "--cacert") {
      options.cacert = argv[i];
    } else if (name == "--file") {
      options.file = argv[i];
    } else {
      leave(2, "unknown argument " + name);
    }
  }
  if (options.url.empty() || options.requests < options.in_flight || options.in_flight < 1)
    leave(2, "--url, --requests and --in-flight are needed, the last not above the second");
  if (options.workload == Workload::up_file) {
    struct stat about {};
    if (stat(options.file.c_str(), &about) != 0) leave(2, "cannot read " + options.file);
    options.file_size = about.st_size;
  }
  return options;
}

// --- Progress ---

Progress::Progress(const Options &options)
    : requests_(options.requests),
      in_flight_(options.in_flight),
      left_(std::min(options.requests, options.in_flight)) {}

Progress::Clocks Progress::clocks() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return {static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9,
          seconds(usage.ru_utime), seconds(usage.ru_stime)};
}

bool Progress::next() {
  if (left_ == 0 || running_ == in_flight_) return false;
  --left_;
  ++running_;
  return true;
}

void Progress::done(CURLcode code, long status, curl_off_t length, const char *message) {
  --running_;
  if (expected_ < 0 && code == CURLE_OK) expected_ = length;
  bytes_ += length;
  if (code != CURLE_OK || status / 100 != 2 || length != expected_) {
    ++failed_;
    if (!told_)
      std::fprintf(stderr, "failed: %s, status %ld, %" PRId64 " bytes\n", message, status,
                   static_cast<std::int64_t>(length));
    told_ = true;
  }
  if (running_ > 0 || left_ > 0) return;
  if (warm_) {
    ended_ = clocks();
    finished_ = true;
    return;
  }
  warm_ = true;
  left_ = requests_;
  failed_ = 0;
  bytes_ = 0;
  began_ = clocks();
}

void Progress::report() const {
  std::printf(
      "{\"requests\":%ld,\"failed\":%ld,\"seconds\":%.6f,\"user\":%.6f,\"system\":%.6f,"
      "\"max_rss_kb\":%ld,\"bytes\":%" PRId64 "}\n",
      requests_, failed_, ended_.wall - began_.wall, ended_.user - began_.user,
      ended_.system - began_.system, peak_memory(), static_cast<std::int64_t>(bytes_));
}

// --- Exchange ---

std::size_t Exchange::on_write(char *bytes, std::size_t, std::size_t size, void *exchange) {
  auto &self = *static_cast<Exchange *>(exchange);
  self.length_ += static_cast<curl_off_t>(size);
  if (self.file_ != nullptr && self.options_.workload == Workload::down_file)
    return std::fwrite(bytes, 1, size, self.file_);
  if (self.options_.workload != Workload::down) self.body_.append(bytes, size);
  return size;
}

std::size_t Exchange::on_read(char *bytes, std::size_t, std::size_t size, void *exchange) {
  return std::fread(bytes, 1, size, static_cast<Exchange *>(exchange)->file_);
}

void Exchange::set_up(CURL *easy) {
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_write);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers(options_.workload == Workload::post_json));
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");  // what comes compressed is decompressed
  if (!options_.cacert.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options_.cacert.c_str());
  if (options_.http2) {
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
  }
  if (options_.workload == Workload::post_json) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(json().size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, json().data());
  } else if (options_.workload == Workload::up_file) {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, options_.file_size);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, &on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, this);
  }
}

void Exchange::begin() {
  body_.clear();
  length_ = 0;
  if (options_.workload == Workload::down_file) file_ = std::fopen(options_.file.c_str(), "wb");
  if (options_.workload == Workload::up_file) file_ = std::fopen(options_.file.c_str(), "rb");
}

void Exchange::end(CURL *easy, CURLcode code, Progress &progress) {
  close();
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  const bool sent = options_.workload == Workload::up_file;
  progress.done(code, status, sent ? options_.file_size : length_, curl_easy_strerror(code));
}

void Exchange::close() {
  if (file_ != nullptr) std::fclose(file_);
  file_ = nullptr;
}

}  // namespace bench
