// Sources of a body that have to be waited for: several in a form, and one that starts again.
#include <string>

#include "core/curl/form.h"
#include "support/rig.h"

namespace luvcurl::spec {
namespace {

using SourceTest = Rig;

FormPart streamed(const char *name, std::size_t stream) {
  FormPart part;
  part.name = name;
  part.content = FormPart::Content::stream;
  part.stream = stream;
  return part;
}

// libcurl has sent the head of a part when it hears that there is nothing of it yet.
TEST_F(SourceTest, AFormWaitsForEachOfItsStreams) {
  handler_ = [](Exchange &exchange) { exchange.reply(200, exchange.body); };
  auto record = std::make_shared<Record>();
  record->on_read = [](Transfer &transfer, std::size_t stream) {
    transfer.feed(stream, "content " + std::to_string(stream));
    transfer.finish_feed(stream);
  };
  const auto transfer = get(record, "/", [](Request &request) {
    Form form;
    for (std::size_t stream = 0; stream < 3; ++stream) form.parts.push_back(streamed("a", stream));
    request.body = BodyKind::form;
    request.sizes = {-1, -1, -1};
    request.form = std::make_shared<const Form>(std::move(form));
    request.options = seal({list("httpheader", {"Expect:"})});
  });
  ASSERT_TRUE(host_.run_until([&] { return record->done == 1; }));
  for (const char *content : {"content 0", "content 1", "content 2"})
    EXPECT_NE(record->body.find(content), std::string::npos) << content;
}

TEST_F(SourceTest, IsNotReadBeforeItHasStartedAgain) {
  handler_ = [](Exchange &exchange) {
    if (exchange.target == "/first") return exchange.reply(307, "", "Location: /again\r\n");
    exchange.reply(200, exchange.body);
  };
  auto record = std::make_shared<Record>();
  std::string next = "first";
  bool within = false;
  record->on_rewind = [&](Transfer &, std::size_t) {
    within = true;
    for (int turn = 0; turn < 50; ++turn) uv_run(host_.loop(), UV_RUN_NOWAIT);
    next = "anew";
    within = false;
  };
  record->on_read = [&](Transfer &transfer, std::size_t stream) {
    EXPECT_FALSE(within);
    transfer.feed(stream, next);
    transfer.finish_feed(stream);
  };
  get(record, "/first", [](Request &request) {
    request.body = BodyKind::stream;
    request.sizes = {-1};
    request.rewindable = true;
    request.options = seal({number("followlocation", 1), list("httpheader", {"Expect:"})});
  });
  ASSERT_TRUE(host_.run_until([&] { return record->done == 1; }));
  EXPECT_EQ(record->body, "anew") << record->outcome.message;
}

}  // namespace
}  // namespace luvcurl::spec
