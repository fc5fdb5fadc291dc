#include <sys/stat.h>

#include "core/curl/file.h"

#ifdef __APPLE__
#define st_mtim st_mtimespec
#define st_ctim st_ctimespec
#endif

namespace luvcurl {

namespace {

std::int64_t nanoseconds(const timespec &time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

bool stamp_of(const std::string &path, FileStamp *out) noexcept {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  *out = {static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino),
          static_cast<std::int64_t>(status.st_size), nanoseconds(status.st_mtim),
          nanoseconds(status.st_ctim)};
  return true;
}

FilePtr open_file(const std::string &path) noexcept {
  return FilePtr(std::fopen(path.c_str(), "rbe"));
}

const char *const no_folder = "/dev/null";

}  // namespace luvcurl
