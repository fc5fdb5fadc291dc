#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

namespace luvcurl {

/// What tells whether a file is the one that it was.
struct FileStamp {
  std::uint64_t device = 0, number = 0;
  std::int64_t size = 0, modified = 0, changed = 0;  // times in units of the system

  bool operator==(const FileStamp &other) const {
    return device == other.device && number == other.number && size == other.size &&
           modified == other.modified && changed == other.changed;
  }
};

/// False where there is no plain file.
bool stamp_of(const std::string &path, FileStamp *out) noexcept;

struct CloseFile {
  void operator()(std::FILE *file) const noexcept { std::fclose(file); }
};
using FilePtr = std::unique_ptr<std::FILE, CloseFile>;

/// Opens a file for reading that no child inherits; nullptr when that cannot be.
FilePtr open_file(const std::string &path) noexcept;

/// A name of a folder that never has anything in it.
extern const char *const no_folder;

}  // namespace luvcurl
