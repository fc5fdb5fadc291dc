#include "core/curl/form.h"

#include <new>

#include "core/curl/callbacks.h"
#include "core/curl/easy.h"

namespace luvcurl {

namespace {

// Carries the first error through a row of libcurl calls.
class Steps {
 public:
  void then(CURLcode code) {
    if (code_ == CURLE_OK) code_ = code;
  }
  CURLcode code() const { return code_; }

 private:
  CURLcode code_ = CURLE_OK;
};

// What all parts of a form are built with.
struct Site {
  Easy &easy;
  const std::vector<std::int64_t> &sizes;
  BuiltForm *built;
};

CURLcode add_parts(const Site &site, curl_mime *mime, const std::vector<FormPart> &parts);

CURLcode set_headers(curl_mimepart *part, const std::vector<std::string> &headers) {
  ListBuilder builder;
  for (const std::string &line : headers) builder.append(line.c_str());
  SlistPtr list = builder.take();
  const CURLcode code = curl_mime_headers(part, list.get(), 1);
  if (code == CURLE_OK) (void)list.release();  // the part's now
  return code;
}

CURLcode set_content(const Site &site, curl_mimepart *to, const FormPart &part) {
  switch (part.content) {
    case FormPart::Content::bytes:
      return curl_mime_data(to, part.bytes.data(), part.bytes.size());
    case FormPart::Content::stream: {
      site.built->streams.push_back(
          std::make_unique<FormStream>(FormStream{&site.easy, part.stream}));
      return curl_mime_data_cb(to, site.sizes[part.stream], &callbacks::read_part,
                               &callbacks::seek_part, nullptr, site.built->streams.back().get());
    }
    case FormPart::Content::parts: {
      MimePtr inner(curl_mime_init(site.easy.handle.get()));
      if (!inner) throw std::bad_alloc();
      CURLcode code = add_parts(site, inner.get(), part.parts);
      if (code == CURLE_OK) code = curl_mime_subparts(to, inner.get());
      if (code == CURLE_OK) (void)inner.release();  // the part's now
      return code;
    }
  }
  return CURLE_OK;
}

CURLcode add_parts(const Site &site, curl_mime *mime, const std::vector<FormPart> &parts) {
  for (const FormPart &part : parts) {
    curl_mimepart *to = curl_mime_addpart(mime);
    if (to == nullptr) throw std::bad_alloc();
    Steps steps;
    steps.then(set_content(site, to, part));
    if (!part.name.empty()) steps.then(curl_mime_name(to, part.name.c_str()));
    if (!part.filename.empty()) steps.then(curl_mime_filename(to, part.filename.c_str()));
    if (!part.type.empty()) steps.then(curl_mime_type(to, part.type.c_str()));
    if (!part.encoder.empty()) steps.then(curl_mime_encoder(to, part.encoder.c_str()));
    if (!part.headers.empty()) steps.then(set_headers(to, part.headers));
    if (steps.code() != CURLE_OK) return steps.code();
  }
  return CURLE_OK;
}

}  // namespace

CURLcode build_form(Easy &easy, const Form &form, const std::vector<std::int64_t> &sizes,
                    BuiltForm *built) {
  built->mime.reset(curl_mime_init(easy.handle.get()));
  if (!built->mime) throw std::bad_alloc();
  return add_parts({easy, sizes, built}, built->mime.get(), form.parts);
}

}  // namespace luvcurl
