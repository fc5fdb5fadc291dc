#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "support/host.h"
#include "support/recorder.h"
#include "support/server.h"

namespace luvcurl::spec {

/// A host, a server whose answer each test sets, and a Multi.
class Rig : public ::testing::Test {
 protected:
  std::shared_ptr<Transfer> get(const std::shared_ptr<Record> &record,
                                const std::string &target = "/",
                                const std::function<void(Request &)> &change = {}) {
    return begin(*multi_, server_.url(target), record, change);
  }

  PlainHost host_;
  Server server_{host_.loop(), [this](Exchange &exchange) { handler_(exchange); }};
  std::shared_ptr<Multi> multi_ = std::make_shared<Multi>(host_.luvcurl(), Settings{});
  std::function<void(Exchange &)> handler_ = [](Exchange &exchange) {
    exchange.reply(200, exchange.target);
  };
};

/// A server that never answers: what it was asked waits here.
class Silence {
 public:
  void operator()(Exchange &exchange) { exchanges.push_back(exchange); }
  std::vector<Exchange> exchanges;
};

}  // namespace luvcurl::spec
