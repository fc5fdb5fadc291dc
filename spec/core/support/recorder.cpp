#include "support/recorder.h"

#include <gtest/gtest.h>

namespace luvcurl::spec {

namespace {

Option named(const std::string &name) {
  Option option;
  option.info = find_option(name);
  EXPECT_NE(option.info.kind, OptionKind::unknown) << name;
  return option;
}

}  // namespace

Option number(const std::string &name, std::int64_t value) {
  Option option = named(name);
  option.number = value;
  return option;
}

Option text(const std::string &name, const std::string &value) {
  Option option = named(name);
  option.text = value;
  return option;
}

Option list(const std::string &name, const std::vector<std::string> &items) {
  Option option = named(name);
  option.items = items;
  return option;
}

Options seal(std::vector<Option> options) {
  auto set = std::make_shared<OptionSet>();
  for (Option &option : options) set->add(std::move(option));
  set->seal();
  return set;
}

std::shared_ptr<Transfer> begin(Multi &multi, const std::string &url,
                                const std::shared_ptr<Record> &record,
                                const std::function<void(Request &)> &change) {
  static const Options plain = seal();
  std::string error;
  Request request;
  request.options = plain;
  request.url = multi.parse(url, &error);
  EXPECT_TRUE(request.url) << error;
  request.sink = std::make_unique<Recorder>(record);
  if (change) change(request);
  auto transfer = multi.add(std::move(request), &error);
  EXPECT_TRUE(transfer) << error;
  return transfer;
}

}  // namespace luvcurl::spec
