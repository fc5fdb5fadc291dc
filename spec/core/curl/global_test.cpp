#include "core/curl/global.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

namespace luvcurl::spec {
namespace {

#if defined(__GLIBC__) && !defined(LUVCURL_SANITIZE)  // which has a heap of its own
// libcurl frees a transfer's receive buffer at its end: after a burst they lie free at the top of
// the heap, and the next one would have a page fault for each page of them.
TEST(GlobalInit, LeavesTheTopOfTheHeapToTheNextBurst) {
  ASSERT_EQ(global_init(), nullptr);
  constexpr std::size_t buffer = 32 * 1024;
  std::vector<void *> buffers(128);
  for (void *&block : buffers) block = std::malloc(buffer);
  const void *const top = sbrk(0);
  while (!buffers.empty()) {
    std::free(buffers.back());
    buffers.pop_back();
  }
  EXPECT_EQ(sbrk(0), top);
}
#endif

}  // namespace
}  // namespace luvcurl::spec
