#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/multi/multi.h"
#include "core/transfer/transfer.h"

namespace luvcurl::spec {

/// What became of one transfer. Outlives it.
struct Record {
  std::vector<std::string> calls;  ///< names of the sink's methods, in order
  int done = 0;
  Outcome outcome;
  long status = 0;
  std::string body;  ///< collected, or taken by data()
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers, trailers, informational;
  std::vector<Headers::Hop> hops;

  // What to do in a call; none may throw.
  std::function<void(Transfer &)> on_response, on_progress, on_done;
  std::function<void(Transfer &)> on_data;  ///< instead of taking everything
  std::function<void(Transfer &, std::size_t)> on_read, on_rewind;
};

/// A sink that writes all it is told into a Record.
class Recorder final : public Sink {
 public:
  explicit Recorder(std::shared_ptr<Record> record) : record_(std::move(record)) {}

  void response(Transfer &transfer) noexcept override {
    record_->calls.emplace_back("response");
    if (record_->on_response) record_->on_response(transfer);
  }
  void data(Transfer &transfer) noexcept override {
    record_->calls.emplace_back("data");
    if (record_->on_data) return record_->on_data(transfer);
    take(transfer);
  }
  void rewind(Transfer &transfer, std::size_t stream) noexcept override {
    record_->calls.emplace_back("rewind");
    if (record_->on_rewind) record_->on_rewind(transfer, stream);
  }
  void read(Transfer &transfer, std::size_t stream) noexcept override {
    record_->calls.emplace_back("read");
    if (record_->on_read) record_->on_read(transfer, stream);
  }
  void progress(Transfer &transfer) noexcept override {
    record_->calls.emplace_back("progress");
    if (record_->on_progress) record_->on_progress(transfer);
  }
  void done(Transfer &transfer) noexcept override {
    record_->calls.emplace_back("done");
    ++record_->done;
    record_->outcome = transfer.outcome();
    record_->status = transfer.summary().status;
    record_->url = transfer.url();
    record_->body += transfer.body();
    const auto copy = [&](Headers::Kind kind, auto *out) {
      transfer.headers().each(kind, -1, [out](std::string_view name, std::string_view value) {
        out->emplace_back(std::string(name), std::string(value));
      });
    };
    copy(Headers::Kind::header, &record_->headers);
    copy(Headers::Kind::trailer, &record_->trailers);
    copy(Headers::Kind::informational, &record_->informational);
    record_->hops = transfer.headers().hops();
    if (record_->on_done) record_->on_done(transfer);
  }

 private:
  void take(Transfer &transfer) {
    const std::string_view bytes = transfer.waiting();
    record_->body.append(bytes);
    transfer.take(bytes.size());
  }

  std::shared_ptr<Record> record_;
};

/// Builds an option by libcurl's name in lower case.
Option number(const std::string &name, std::int64_t value);
Option text(const std::string &name, const std::string &value);
Option list(const std::string &name, const std::vector<std::string> &items);

/// Seals options; without any, those of a plain GET.
Options seal(std::vector<Option> options = {});

/// Begins a transfer. `change` may alter the request first. Expects that it can be begun.
std::shared_ptr<Transfer> begin(Multi &multi, const std::string &url,
                                const std::shared_ptr<Record> &record,
                                const std::function<void(Request &)> &change = {});

}  // namespace luvcurl::spec
