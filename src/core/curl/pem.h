#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace luvcurl {

/// A certificate as it is signed (DER), and where its subject's name lies in it.
struct PemCertificate {
  std::string der;
  std::string_view subject() const { return std::string_view(der).substr(begin, size); }
  std::size_t begin = 0, size = 0;
};

/// Takes a text of certificates apart without looking into them. False when there is anything else
/// in it (lists of revoked ones, trust settings, what cannot be decoded) or nothing: then whoever
/// knows all of that has to read it. Throws std::bad_alloc.
bool read_pem(std::string_view text, std::vector<PemCertificate> *out);

}  // namespace luvcurl
