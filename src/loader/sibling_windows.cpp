#include <windows.h>
// In this order.
#include <psapi.h>

#include <cstdio>
#include <cstring>

#include "sibling.h"

namespace luvcurl::loader {

bool path_of_sibling(const void *function, char *path, std::size_t size) noexcept {
  constexpr DWORD flags =
      GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
  HMODULE self = nullptr;
  if (GetModuleHandleExA(flags, static_cast<LPCSTR>(function), &self) == 0) return false;
  const DWORD length = GetModuleFileNameA(self, path, static_cast<DWORD>(size));
  if (length == 0 || length >= size) return false;
  char *slash = std::strrchr(path, '\\');
  char *name = slash != nullptr ? slash + 1 : path;
  const std::size_t room = size - static_cast<std::size_t>(name - path);
  if (sizeof LUVCURL_SIBLING > room) return false;
  std::memcpy(name, LUVCURL_SIBLING, sizeof LUVCURL_SIBLING);
  return true;
}

// Each library there is bound to the libraries that it names. Its own are looked for beside it.
void *open_for_good(const char *path, char *why, std::size_t size) noexcept {
  HMODULE library = LoadLibraryExA(path, nullptr, LOAD_WITH_ALTERED_SEARCH_PATH);
  if (library == nullptr) {
    std::snprintf(why, size, "cannot load %s: error %lu", path, GetLastError());
    return nullptr;
  }
  HMODULE same = nullptr;
  GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_PIN, path, &same);
  return library;
}

void *function_of(void *library, const char *name) noexcept {
  return reinterpret_cast<void *>(GetProcAddress(static_cast<HMODULE>(library), name));
}

bool has_function(const char *name) noexcept {
  HMODULE modules[1024];
  DWORD size = 0;
  if (K32EnumProcessModules(GetCurrentProcess(), modules, sizeof modules, &size) == 0) return false;
  const std::size_t count = size < sizeof modules ? size / sizeof(HMODULE) : 1024;
  for (std::size_t i = 0; i < count; ++i)
    if (GetProcAddress(modules[i], name) != nullptr) return true;
  return false;
}

}  // namespace luvcurl::loader
