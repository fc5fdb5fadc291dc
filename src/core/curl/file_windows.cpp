#include <windows.h>

#include "core/curl/file.h"

namespace luvcurl {

namespace {

std::int64_t whole(DWORD high, DWORD low) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(high) << 32U | low);
}

}  // namespace

bool stamp_of(const std::string &path, FileStamp *out) noexcept {
  const HANDLE file = CreateFileA(path.c_str(), FILE_READ_ATTRIBUTES,
                                  FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr,
                                  OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr);
  if (file == INVALID_HANDLE_VALUE) return false;
  BY_HANDLE_FILE_INFORMATION info{};
  const bool known = GetFileInformationByHandle(file, &info) != 0;
  CloseHandle(file);
  if (!known || (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0) return false;
  *out = {info.dwVolumeSerialNumber,
          static_cast<std::uint64_t>(whole(info.nFileIndexHigh, info.nFileIndexLow)),
          whole(info.nFileSizeHigh, info.nFileSizeLow),
          whole(info.ftLastWriteTime.dwHighDateTime, info.ftLastWriteTime.dwLowDateTime),
          whole(info.ftCreationTime.dwHighDateTime, info.ftCreationTime.dwLowDateTime)};
  return true;
}

FilePtr open_file(const std::string &path) noexcept {
  return FilePtr(std::fopen(path.c_str(), "rbN"));
}

const char *const no_folder = "NUL";

}  // namespace luvcurl
