#include "core/curl/kinship.h"

#include <gtest/gtest.h>

#include "core/curl/option.h"

namespace luvcurl::spec {
namespace {

Option text(const char *name, const char *value) {
  Option option;
  option.info = find_option(name);
  option.text = value;
  return option;
}

Option number(const char *name, std::int64_t value) {
  Option option;
  option.info = find_option(name);
  option.number = value;
  return option;
}

TEST(Kinship, IsOfWhatDecidesAboutTrust) {
  for (const char *name :
       {"sslcert", "sslkey", "sslkey_blob", "keypasswd", "cainfo", "capath", "pinnedpublickey",
        "ssl_verifypeer", "use_ssl", "proxy_sslkey", "proxyuserpwd", "ssh_host_public_key_md5"})
    EXPECT_TRUE(decides_kinship(name)) << name;
  for (const char *name : {"url", "useragent", "timeout_ms", "httpheader", "followlocation"})
    EXPECT_FALSE(decides_kinship(name)) << name;
  EXPECT_NE(kinship_of({text("sslkey", "a")}), kinship_of({text("sslkey", "b")}));
  EXPECT_NE(kinship_of({text("sslkey", "a")}), kinship_of({text("sslcert", "a")}));
}

TEST(Kinship, IsEmptyWhereNothingIsSaidOfIt) {
  EXPECT_EQ(kinship_of({text("useragent", "a"), text("proxy", ""), number("httpauth", 1)}), "");
}

TEST(Kinship, LooksAtTheLastValueOnly) {
  EXPECT_EQ(kinship_of({text("cainfo", "a"), text("cainfo", "b")}),
            kinship_of({text("cainfo", "b")}));
  EXPECT_NE(kinship_of({text("cainfo", "a"), text("cainfo", "b")}),
            kinship_of({text("cainfo", "a")}));
}

TEST(Kinship, IsOfTheLoginWhereConnectionsLogIn) {
  EXPECT_EQ(kinship_of({number("httpauth", CURLAUTH_BASIC), text("userpwd", "a:b")}), "");
  const std::int64_t negotiate = CURLAUTH_NEGOTIATE;
  EXPECT_NE(kinship_of({number("httpauth", negotiate), text("userpwd", "a:b")}),
            kinship_of({number("httpauth", negotiate), text("userpwd", "a:c")}));
}

}  // namespace
}  // namespace luvcurl::spec
