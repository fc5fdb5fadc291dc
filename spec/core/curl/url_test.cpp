#include "core/curl/url.h"

#include <gtest/gtest.h>

#include <cctype>

namespace luvcurl {
namespace {

using Query = std::vector<std::pair<std::string, std::string>>;

// Older libcurls write the hexadecimal digits of an escape in lower case, newer ones in upper case.
std::string lower_digits(std::string url) {
  for (std::size_t i = url.find('%'); i < url.size() && i + 2 < url.size();
       i = url.find('%', i + 1)) {
    for (const std::size_t digit : {i + 1, i + 2})
      url[digit] = static_cast<char>(std::tolower(static_cast<unsigned char>(url[digit])));
  }
  return url;
}

std::string build(const std::string &url, const std::string &base = {}, const Query &query = {}) {
  std::string error;
  const std::string built = build_url(url, base, query, &error);
  EXPECT_EQ(built.empty(), !error.empty()) << url;
  return built.empty() ? "error" : lower_digits(built);
}

TEST(BuildUrl, Normalizes) {
  EXPECT_EQ(build("http://example.com"), "http://example.com/");
  EXPECT_EQ(build("HTTP://example.com/a/../b"), "http://example.com/b");
  EXPECT_EQ(build("http://example.com/a b"), "http://example.com/a%20b");
}

TEST(BuildUrl, AMissingSchemeIsHttp) {
  EXPECT_EQ(build("example.com/a"), "http://example.com/a");
  EXPECT_EQ(build("ftp.example.com/a"), "http://ftp.example.com/a") << "libcurl would guess ftp";
  EXPECT_EQ(build("localhost:8080"), "http://localhost:8080/");
  EXPECT_EQ(build("example.com/?to=http://other.test/"),
            "http://example.com/?to=http://other.test/");
}

TEST(BuildUrl, ResolvesAgainstTheBase) {
  EXPECT_EQ(build("c", "http://example.com/a/b"), "http://example.com/a/c");
  EXPECT_EQ(build("/c", "http://example.com/a/b?x=1"), "http://example.com/c");
  EXPECT_EQ(build("../c", "http://example.com/a/b/"), "http://example.com/a/c");
  EXPECT_EQ(build("?x=2", "http://example.com/a?x=1"), "http://example.com/a?x=2");
  EXPECT_EQ(build("//other.test/c", "https://example.com/a"), "https://other.test/c");
  EXPECT_EQ(build("https://other.test/c", "http://example.com/a"), "https://other.test/c");
}

TEST(BuildUrl, AppendsTheQueryEncoded) {
  EXPECT_EQ(build("http://h/", "", {{"a", "1"}, {"b", "2"}}), "http://h/?a=1&b=2");
  EXPECT_EQ(build("http://h/?z=0", "", {{"a", "1"}}), "http://h/?z=0&a=1");
  EXPECT_EQ(build("http://h/", "", {{"a", "x&y=z#?"}}), "http://h/?a=x%26y%3dz%23%3f");
  EXPECT_EQ(build("http://h/", "", {{"a", ""}}), "http://h/?a=");
  EXPECT_EQ(build("http://h/#part", "", {{"a", "1"}}), "http://h/?a=1#part");
}

// Neither may end the name early nor cut the value short.
TEST(BuildUrl, EncodesEqualSignsOfNamesAndNulBytes) {
  EXPECT_EQ(build("http://h/", "", {{"a=b", "c"}}), "http://h/?a%3db=c");
  EXPECT_EQ(build("http://h/", "", {{"a", std::string("x\0y", 3)}}), "http://h/?a=x%00y");
}

TEST(BuildUrl, SaysWhatIsWrong) {
  for (const char *bad : {"http://", "http://h:99999/", "http://[::1/", "http://a b/"}) {
    std::string error;
    EXPECT_EQ(build_url(bad, "", {}, &error), "") << bad;
    EXPECT_NE(error, "") << bad;
  }
}

TEST(WithoutCredentials, DropsThem) {
  EXPECT_EQ(without_credentials("http://user:secret@example.com/a?b=c"),
            "http://example.com/a?b=c");
  EXPECT_EQ(without_credentials("http://user@example.com/"), "http://example.com/");
  EXPECT_EQ(without_credentials("https://example.com/"), "https://example.com/");
  EXPECT_EQ(without_credentials(""), "");
  EXPECT_EQ(without_credentials(nullptr), "");
}

TEST(WithoutCredentials, NeverEchoesWhatCannotBeParsed) {
  EXPECT_EQ(without_credentials("http://user:secret@exa mple.com/"), "(invalid URL)");
  EXPECT_EQ(without_credentials("http://user:secret@h:port/"), "(invalid URL)");
}

TEST(UrlCache, ParsesOnce) {
  UrlCache cache;
  std::string error;
  const auto first = cache.get("http://example.com/a", &error);
  ASSERT_TRUE(first) << error;
  EXPECT_EQ(cache.get("http://example.com/a", &error), first);
  EXPECT_NE(cache.get("http://example.com/b", &error), first);
}

TEST(UrlCache, OriginsAreSchemeHostAndPort) {
  UrlCache cache;
  std::string error;
  const auto origin = [&](const char *url) {
    const auto parsed = cache.get(url, &error);
    EXPECT_TRUE(parsed) << url << ": " << error;
    return &*parsed->origin;
  };
  EXPECT_EQ(origin("http://example.com/a"), origin("http://example.com:80/b?c"));
  EXPECT_EQ(origin("http://u:p@example.com/"), origin("http://example.com/"));
  EXPECT_NE(origin("http://example.com/"), origin("https://example.com/"));
  EXPECT_NE(origin("http://example.com/"), origin("http://example.com:81/"));
  EXPECT_NE(origin("http://example.com/"), origin("http://example.org/"));
  EXPECT_TRUE(origin("https://example.com/")->secure);
  EXPECT_FALSE(origin("http://example.com/")->secure);
}

TEST(UrlCache, EachKinshipHasItsOrigins) {
  UrlCache cache;
  std::string error;
  const auto origin = [&](const std::string &kinship) {
    return cache.get("https://example.com/", &error, kinship)->origin;
  };
  const std::shared_ptr<Origin> none = origin("");
  const std::shared_ptr<Origin> one = origin("one");
  EXPECT_NE(none, one);
  EXPECT_EQ(none->kin, 0U);
  EXPECT_EQ(origin(""), none);
  EXPECT_EQ(origin("one"), one);
  const Kin kin = one->kin;
  for (int i = 0; i < 200; ++i) EXPECT_NE(origin(std::to_string(i))->kin, kin);
  EXPECT_EQ(origin(""), none);
}

TEST(UrlCache, RefusesWhatIsNoUrl) {
  UrlCache cache;
  std::string error;
  EXPECT_FALSE(cache.get("http://h:port/", &error));
  EXPECT_NE(error, "");
}

TEST(UrlCache, AUrlOutlivesItsPlaceInTheCache) {
  UrlCache cache;
  std::string error;
  const auto kept = cache.get("http://example.com/kept", &error);
  for (int i = 0; i < 3000; ++i)
    ASSERT_TRUE(cache.get("http://example.com/" + std::to_string(i), &error));
  char *text = nullptr;
  ASSERT_EQ(curl_url_get(kept->handle.get(), CURLUPART_PATH, &text, 0), CURLUE_OK);
  const CurlString owned(text);
  EXPECT_STREQ(text, "/kept");
  const auto again = cache.get("http://example.com/kept", &error);
  EXPECT_EQ(&*again->origin, &*kept->origin) << "the limits per host count on it";
}

struct CountedOrigin final : Origin {
  CountedOrigin() { ++alive; }
  ~CountedOrigin() override { --alive; }
  static std::shared_ptr<Origin> make() { return std::make_shared<CountedOrigin>(); }
  static int alive;
};
int CountedOrigin::alive = 0;

TEST(UrlCache, ForgetsTheServersThatItHasAskedLongAgo) {
  UrlCache cache(&CountedOrigin::make);
  std::string error;
  const auto kept = cache.get("http://kept.example/", &error);
  for (int i = 0; i < 20000; ++i)
    ASSERT_TRUE(cache.get("http://host-" + std::to_string(i) + ".example/", &error));
  EXPECT_LT(CountedOrigin::alive, 5000);
  const auto again = cache.get("http://kept.example/other", &error);
  EXPECT_EQ(&*again->origin, &*kept->origin) << "as long as a URL of it is in use";
}

TEST(UrlCache, AUrlKeepsItsServerBeyondTheCache) {
  std::string error;
  auto cache = std::make_unique<UrlCache>();
  const auto kept = cache->get("https://kept.example/", &error);
  cache.reset();
  EXPECT_TRUE(kept->origin->secure);
}

}  // namespace
}  // namespace luvcurl
