#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/curl/curl_ptr.h"

namespace luvcurl {

struct Easy;

/// One part of a multipart/form-data body: bytes, a stream, or further parts.
struct FormPart {
  enum class Content { bytes, stream, parts };

  std::string name;
  std::string filename;
  std::string type;                  ///< Content-Type; empty for libcurl's choice
  std::string encoder;               ///< base64, quoted-printable, 8bit, 7bit or binary
  std::vector<std::string> headers;  ///< "Name: value"
  Content content = Content::bytes;
  std::string bytes;
  std::size_t stream = 0;  ///< which of the transfer's outboxes
  std::vector<FormPart> parts;
};

/// A whole form.
struct Form {
  std::vector<FormPart> parts;
  std::vector<std::int64_t> sizes;  ///< of the parts' streams, in their order; -1 when not known
};

/// Where libcurl's callbacks for a streamed part find its transfer.
struct FormStream {
  Easy *easy;
  std::size_t index;
};

/// A form in libcurl's shape. `streams` are what its callbacks point to.
struct BuiltForm {
  std::vector<std::unique_ptr<FormStream>> streams;
  MimePtr mime;  // last: freed first
};

/// Builds it for a handle; `sizes` are those of its streams. Returns libcurl's error; throws
/// std::bad_alloc.
CURLcode build_form(Easy &easy, const Form &form, const std::vector<std::int64_t> &sizes,
                    BuiltForm *built);

}  // namespace luvcurl
