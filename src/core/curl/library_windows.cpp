#include <windows.h>

#include "core/curl/library.h"

namespace luvcurl::library {

void *of(void *function) noexcept {
  HMODULE module = nullptr;
  constexpr DWORD flags =
      GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
  return GetModuleHandleExA(flags, static_cast<LPCSTR>(function), &module) != 0 ? module : nullptr;
}

void *open(const char *name) noexcept { return LoadLibraryA(name); }

void *find(void *library, const char *name) noexcept {
  return reinterpret_cast<void *>(GetProcAddress(static_cast<HMODULE>(library), name));
}

}  // namespace luvcurl::library
