#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/curl_ptr.h"

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
  std::int64_t size = -1;  ///< of the stream; -1 when not known
  std::vector<FormPart> parts;
};

/// A whole form. The parts' streams are numbered from 0 to `streams` - 1.
struct Form {
  std::vector<FormPart> parts;
  std::size_t streams = 0;
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

/// Builds it for a handle. Returns libcurl's error; throws std::bad_alloc.
CURLcode build_form(Easy &easy, const Form &form, BuiltForm *built);

}  // namespace luvcurl
