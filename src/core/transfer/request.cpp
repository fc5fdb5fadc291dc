#include "core/transfer/request.h"

#include <algorithm>

#include "core/curl/callbacks.h"
#include "core/curl/form.h"
#include "core/curl/goodbye.h"
#include "core/curl/stream_resets.h"
#include "core/transfer/body.h"

namespace luvcurl {

namespace {

bool resumes(const OptionSet &options) {
  return options.number(CURLOPT_RESUME_FROM_LARGE, options.number(CURLOPT_RESUME_FROM, 0)) != 0;
}

// libcurl resumes what it reads, and sends all of what it was given at once.
CURLcode set_bytes_read(Easy &easy, const Request &request) {
  easy.spoiled = true;
  CURL *handle = easy.handle.get();
  CURLcode code = set_option(handle, CURLOPT_UPLOAD, 1L);
  if (code == CURLE_OK && request.url->origin->is_http &&
      !request.options->has(CURLOPT_CUSTOMREQUEST))
    code = set_option(handle, CURLOPT_CUSTOMREQUEST, "POST");
  if (code != CURLE_OK) return code;
  return set_option(handle, CURLOPT_INFILESIZE_LARGE,
                    static_cast<curl_off_t>(request.bytes.size()));
}

CURLcode set_body(Easy &easy, const Request &request) {
  CURL *handle = easy.handle.get();
  const auto bytes = static_cast<curl_off_t>(request.bytes.size());
  // Of an upload on_read gives the bytes, if there are any.
  if (request.options->uploads() && request.sizes.empty() && request.body != BodyKind::form)
    return set_option(handle, CURLOPT_INFILESIZE_LARGE, bytes);
  if (request.body == BodyKind::none) return CURLE_OK;
  if (request.body == BodyKind::bytes && resumes(*request.options))
    return set_bytes_read(easy, request);
  if (request.body == BodyKind::bytes) {
    const CURLcode code = set_option(handle, CURLOPT_POSTFIELDSIZE_LARGE, bytes);
    return code != CURLE_OK ? code : set_option(handle, CURLOPT_POSTFIELDS, request.bytes.data());
  }
  if (request.body == BodyKind::form) {
    easy.spoiled = true;  // the form is made for this handle and this request
    const CURLcode code = build_form(easy, *request.form, request.sizes, &easy.form);
    return code != CURLE_OK ? code : set_option(handle, CURLOPT_MIMEPOST, easy.form.mime.get());
  }
  const auto size = static_cast<curl_off_t>(request.sizes.front());
  if (request.options->has(CURLOPT_POST))
    return set_option(handle, CURLOPT_POSTFIELDSIZE_LARGE, size);
  const CURLcode code = set_option(handle, CURLOPT_UPLOAD, 1L);
  return code != CURLE_OK ? code : set_option(handle, CURLOPT_INFILESIZE_LARGE, size);
}

void set_buffer(Easy &easy, const Request &request, long size) {
  if (request.options->has(CURLOPT_BUFFERSIZE)) return;
  size = std::min(size, static_cast<long>(piece_size));
  // Refused by a handle that kept its buffer, as libcurl lets it when a name look-up failed.
  if (easy.buffer_size != size &&
      set_option(easy.handle.get(), CURLOPT_BUFFERSIZE, size) == CURLE_OK)
    easy.buffer_size = size;
}

// Only where a connection may multiplex: with HTTP/1 a request would wait in vain for one to show
// that it does, and for ever if that connection waits for the request.
CURLcode set_pipewait(Easy &easy, const Request &request) {
  const bool wait = request.url->origin->may_multiplex();
  if (easy.waits_for_pipe == wait || request.options->has(CURLOPT_PIPEWAIT)) return CURLE_OK;
  easy.waits_for_pipe = wait;
  return set_option(easy.handle.get(), CURLOPT_PIPEWAIT, wait ? 1L : 0L);
}

// COMPAT libcurl < 8.14: an FTP data connection connects to an address that it has let go of, and
// that is freed when anybody who shares the cache finds it too old by then. So who wants names
// forgotten at once has them in the CURLM's own cache, and an FTP request is content with what is
// some seconds old.
CURLcode set_names(Easy &easy, const Request &request) {
  constexpr std::int64_t soon = 10;  // s
  const std::int64_t kept = request.options->has(CURLOPT_DNS_CACHE_TIMEOUT)
                                ? request.options->number(CURLOPT_DNS_CACHE_TIMEOUT, soon)
                                : soon;
  if (kept < 0 || kept >= soon) return CURLE_OK;
  easy.spoiled = true;  // it has not what its options say
  if (!request.url->origin->is_ftp) return set_option(easy.handle.get(), CURLOPT_SHARE, nullptr);
  return set_option(easy.handle.get(), CURLOPT_DNS_CACHE_TIMEOUT, static_cast<long>(soon));
}

// A handle that asks for the same URL again has its text already: making it is costly.
CURLcode set_url(Easy &easy, const Request &request) {
  if (easy.url == request.url) return CURLE_OK;
  CURL *handle = easy.handle.get();
  // COMPAT libcurl 7.88: a URL given by CURLOPT_CURLU is not looked at again where the text of
  // another is left over, and then CURLINFO_EFFECTIVE_URL (thus redirect::prepare), Referer and
  // repeated requests have the old one.
  CURLcode code = set_option(handle, CURLOPT_URL, nullptr);
  if (code == CURLE_OK) code = set_option(handle, CURLOPT_CURLU, request.url->handle.get());
  if (code == CURLE_OK) easy.url = request.url;
  return code;
}

}  // namespace

bool Request::decodes() const {
  const Option *encodings = options->find(CURLOPT_ACCEPT_ENCODING);
  return encodings != nullptr && !encodings->unset &&
         options->number(CURLOPT_HTTP_CONTENT_DECODING, 1) != 0;
}

CURLcode set_up(Easy &easy, const Request &request, long buffer_size) {
  easy.message[0] = '\0';
  forget_refusal(easy.handle.get());
  CURLcode code = set_url(easy, request);
  if (code == CURLE_OK) code = set_body(easy, request);
  if (code == CURLE_OK) code = set_names(easy, request);
  if (code == CURLE_OK) code = set_pipewait(easy, request);
  // luvcurl does it: with a count of its own, and an eye on the method (second_try.cpp).
  resend::by_libcurl(easy, !request.url->origin->is_http);
  set_buffer(easy, request, buffer_size);
  hear_goodbye(easy, request.url->origin->talks);
  callbacks::report_progress(easy, request.wants_progress);
  return code;
}

}  // namespace luvcurl
