#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/curl/easy.h"
#include "core/transfer/resend.h"
#include "core/transfer/sink.h"
#include "core/transfer/timeouts.h"

namespace luvcurl {

/// What is asked for: everything a transfer needs, checked and flattened.
struct Request {
  Options options;
  std::shared_ptr<const Url> url;
  std::unique_ptr<Sink> sink;

  BodyKind body = BodyKind::none;
  std::string_view bytes;  ///< BodyKind::bytes; not copied: the sink keeps them alive until done
  std::shared_ptr<const Form> form;  ///< BodyKind::form
  std::vector<std::int64_t> sizes;   ///< of the body's streams, -1 when not known
  bool held = false;                 ///< not queued before Transfer::ready: sizes are being found

  bool streaming =
      false;  ///< the body waits in the inbox for the consumer, instead of being collected
  bool rewindable = false;  ///< the sources of streams can start anew
  Resend resend = Resend::by_method;
  bool wants_response = false;
  bool wants_progress = false;

  std::uint64_t max_body = 0;              ///< bytes; 0 for no limit
  std::uint64_t high_water = 1024 * 1024;  ///< bytes
  Timeouts timeouts;

  bool decodes() const;  ///< undoes what a response's Content-Encoding names
};

/// Puts on a handle what differs between requests of the same options: URL, body, size of the
/// receive buffer (`buffer_size` bytes suit the load). Returns libcurl's error; throws
/// std::bad_alloc.
CURLcode set_up(Easy &easy, const Request &request, long buffer_size);

}  // namespace luvcurl
