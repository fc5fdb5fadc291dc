#include "core/curl/pem.h"

#include <gtest/gtest.h>

namespace luvcurl::spec {
namespace {

// A certificate of which nothing is true but the places of things: version, serial number,
// algorithm, issuer, validity, subject.
constexpr const char *text =
    "A comment\n"
    "-----BEGIN CERTIFICATE-----\r\n"
    "MBgwFKADAgECAgEBMAAwADAAMAQxAgUAMAA=\r\n"
    "-----END CERTIFICATE-----\n";

bool is_read(const std::string &pem) {
  std::vector<PemCertificate> certificates;
  return read_pem(pem, &certificates);
}

TEST(Pem, FindsTheSubjectOfEach) {
  std::vector<PemCertificate> all;
  ASSERT_TRUE(read_pem(std::string(text) + text, &all));
  ASSERT_EQ(all.size(), 2U);
  for (const PemCertificate &one : all)
    EXPECT_EQ(one.subject(), std::string_view("\x30\x04\x31\x02\x05\x00", 6));
}

TEST(Pem, LeavesAllElseToOthers) {
  const std::string good(text);
  EXPECT_FALSE(is_read(""));
  EXPECT_FALSE(is_read("no certificate"));
  EXPECT_FALSE(is_read(good + "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"));
  EXPECT_FALSE(is_read("-----BEGIN TRUSTED CERTIFICATE-----\nMAA=\n"));
  EXPECT_FALSE(is_read("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"));
  EXPECT_FALSE(is_read("-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----\n"));
  EXPECT_FALSE(is_read("-----BEGIN CERTIFICATE-----\nM!==\n-----END CERTIFICATE-----\n"));
  for (std::size_t cut = good.find("MBgw"); cut < good.size() - 2; ++cut)
    EXPECT_FALSE(is_read(good.substr(0, cut))) << cut;
}

TEST(Pem, StaysWithinWhatIsThere) {
  const std::string good(text);
  const std::size_t begin = good.find("MBgw");
  for (std::size_t at = begin; at < good.find("\r\n-----END"); ++at) {
    for (const char c : {'A', '/', 'h', '=', ' '}) {
      std::string changed = good;
      changed[at] = c;
      std::vector<PemCertificate> all;
      if (!read_pem(changed, &all)) continue;
      EXPECT_LE(all.front().begin + all.front().size, all.front().der.size());
    }
  }
}

}  // namespace
}  // namespace luvcurl::spec
