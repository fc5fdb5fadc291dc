#include "core/multi/shares.h"

#include <new>

namespace luvcurl {

namespace {

std::shared_ptr<CURLSH> make_share() {
  CURLSH *share = curl_share_init();
  if (share == nullptr) throw std::bad_alloc();
  std::shared_ptr<CURLSH> owned(share, &curl_share_cleanup);
  // Not the connections: one could move between CURLMs, and its socket with it.
  curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
  curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  return owned;
}

}  // namespace

std::shared_ptr<CURLSH> Shares::of(const std::string &kinship) {
  const auto found = shares_.find(kinship);
  if (found != shares_.end()) return found->second;
  if (shares_.size() >= most) shares_.clear();  // handles hold theirs
  return shares_[kinship] = make_share();
}

}  // namespace luvcurl
