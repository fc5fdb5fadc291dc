#include "core/curl/option.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/recorder.h"

namespace luvcurl::spec {
namespace {

TEST(FindOption, KnowsTheKindOfEach) {
  EXPECT_EQ(find_option("followlocation").kind, OptionKind::number);
  EXPECT_EQ(find_option("httpauth").kind, OptionKind::number);
  EXPECT_EQ(find_option("max_recv_speed_large").kind, OptionKind::size);
  EXPECT_EQ(find_option("useragent").kind, OptionKind::string);
  EXPECT_EQ(find_option("httpheader").kind, OptionKind::list);
  EXPECT_EQ(find_option("cainfo_blob").kind, OptionKind::blob);
  EXPECT_EQ(find_option("useragent").id, CURLOPT_USERAGENT);
  EXPECT_STREQ(find_option("useragent").name, "useragent");
}

TEST(FindOption, KeepsItsOwnToItself) {
  for (const char *name : {"url",
                           "nosignal",
                           "noprogress",
                           "connect_only",
                           "wildcardmatch",
                           "postfields",
                           "copypostfields",
                           "postfieldsize",
                           "postfieldsize_large",
                           "infilesize",
                           "infilesize_large",
                           "writefunction",
                           "writedata",
                           "headerfunction",
                           "private",
                           "share",
                           "curlu",
                           "errorbuffer",
                           "mimepost",
                           "opensocketfunction",
                           "closesocketfunction",
                           "stderr",
                           "quick_exit"}) {
    const OptionKind kind = find_option(name).kind;
    const bool there = curl_easy_option_by_name(name) != nullptr;
    EXPECT_EQ(kind, there ? OptionKind::owned : OptionKind::unknown) << name;
  }
}

TEST(FindOption, KnowsNoOthers) {
  for (const char *name :
       {"", "no_such_option", "Followlocation", "CURLOPT_URL", "follow location"})
    EXPECT_EQ(find_option(name).kind, OptionKind::unknown) << name;
}

TEST(OptionNames, AreAllOfTheLoadedLibcurl) {
  std::size_t count = 0;
  for (const curl_easyoption *option = curl_easy_option_next(nullptr); option != nullptr;
       option = curl_easy_option_next(option))
    ++count;
  const auto &names = option_names();
  EXPECT_EQ(names.size(), count);
  for (const std::string &name : names)
    EXPECT_NE(find_option(name).kind, OptionKind::unknown) << name;
}

TEST(OptionSet, LikeSetsAreEqualAndHashAlike) {
  const auto make = [] {
    return seal({number("followlocation", 1), text("useragent", "spec"),
                 list("httpheader", {"A: 1", "B: 2"})});
  };
  const Options one = make();
  const Options other = make();
  EXPECT_TRUE(*one == *other);
  EXPECT_EQ(one->hash(), other->hash());
}

TEST(OptionSet, EveryDifferenceCounts) {
  Option none = text("useragent", "");
  none.unset = true;
  const std::vector<Options> sets = {
      seal(),
      seal({number("followlocation", 1)}),
      seal({number("followlocation", 0)}),
      seal({number("autoreferer", 1)}),
      seal({number("followlocation", 1), number("autoreferer", 1)}),
      seal({number("autoreferer", 1), number("followlocation", 1)}),
      seal({text("useragent", "a")}),
      seal({text("useragent", "b")}),
      seal({text("useragent", "")}),
      seal({none}),
      seal({text("referer", "a")}),
      seal({list("httpheader", {"A: 1", "B: 2"})}),
      seal({list("httpheader", {"A: 1"})}),
      seal({list("httpheader", {})}),
      seal({text("cainfo_blob", std::string("a\0b", 3))}),
      seal({text("cainfo_blob", std::string("a\0c", 3))}),
  };
  for (std::size_t i = 0; i < sets.size(); ++i) {
    for (std::size_t j = 0; j < sets.size(); ++j)
      EXPECT_EQ(*sets[i] == *sets[j], i == j) << i << ", " << j;
  }
}

TEST(OptionSet, TheLastValueIsFound) {
  const Options set = seal({number("maxredirs", 3), number("maxredirs", 7)});
  EXPECT_TRUE(set->has(CURLOPT_MAXREDIRS));
  EXPECT_EQ(set->number(CURLOPT_MAXREDIRS, -1), 7);
  EXPECT_FALSE(set->has(CURLOPT_USERAGENT));
  EXPECT_EQ(set->number(CURLOPT_TIMEOUT_MS, 42), 42);
}

TEST(OptionSet, AppliesEveryKind) {
  const EasyPtr easy(curl_easy_init());
  const Options set = seal({number("followlocation", 1), number("max_recv_speed_large", 1LL << 40),
                            text("useragent", "spec"), list("httpheader", {"A: 1"}),
                            list("resolve", {"a.test:80:127.0.0.1"}), list("httpheader", {}),
                            text("cainfo_blob", "not a certificate yet")});
  const Option *failed = nullptr;
  EXPECT_EQ(set->apply(easy.get(), &failed), CURLE_OK);
  EXPECT_EQ(failed, nullptr);
}

TEST(OptionSet, NamesWhatLibcurlRefuses) {
  const EasyPtr easy(curl_easy_init());
  const Options set = seal({number("followlocation", 1), number("http_version", 12345)});
  const Option *failed = nullptr;
  EXPECT_NE(set->apply(easy.get(), &failed), CURLE_OK);
  ASSERT_NE(failed, nullptr);
  EXPECT_STREQ(failed->info.name, "http_version");
}

TEST(OptionSet, NeverAppliesWhatIsOwned) {
  const EasyPtr easy(curl_easy_init());
  const Option *failed = nullptr;
  const Options set = seal({number("nosignal", 0)});
  EXPECT_NE(set->apply(easy.get(), &failed), CURLE_OK);
  ASSERT_NE(failed, nullptr);
  EXPECT_STREQ(failed->info.name, "nosignal");
}

}  // namespace
}  // namespace luvcurl::spec
