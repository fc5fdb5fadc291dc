#include "faults.h"

#include <curl/curl.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

#ifdef LUVCURL_SANITIZE
#include <sanitizer/common_interface_defs.h>
#endif

namespace torture {

namespace {

// libcurl's look-ups run in threads of their own.
std::atomic<int> armed{-1};
std::atomic<long> first_failing{0};
std::atomic<long> end_of_failing{0};
std::atomic<long> count_seen{0};
std::atomic<long> count_failed{0};
std::atomic<bool> shows{false};
std::array<std::atomic<long>, 3> count_live{};

bool fails(Owner owner) {
  if (armed != static_cast<int>(owner)) return false;
  const long number = ++count_seen;
  if (number < first_failing || number >= end_of_failing) return false;
  ++count_failed;
#ifdef LUVCURL_SANITIZE
  if (shows.exchange(false)) __sanitizer_print_stack_trace();
#endif
  return true;
}

void *counted(Owner owner, void *block) {
  if (block != nullptr) ++count_live[static_cast<std::size_t>(owner)];
  return block;
}

void release(Owner owner, void *block) {
  if (block == nullptr) return;
  --count_live[static_cast<std::size_t>(owner)];
  std::free(block);
}

// --- libcurl ---

void *curl_malloc(std::size_t size) {
  return fails(Owner::curl) ? nullptr : counted(Owner::curl, std::malloc(size));
}

void *curl_calloc(std::size_t count, std::size_t size) {
  return fails(Owner::curl) ? nullptr : counted(Owner::curl, std::calloc(count, size));
}

void *curl_realloc(void *block, std::size_t size) {
  if (fails(Owner::curl)) return nullptr;
  return block == nullptr ? counted(Owner::curl, std::malloc(size)) : std::realloc(block, size);
}

char *curl_strdup(const char *text) {
  const std::size_t size = std::strlen(text) + 1;
  void *copy = curl_malloc(size);
  return copy == nullptr ? nullptr : static_cast<char *>(std::memcpy(copy, text, size));
}

void curl_release(void *block) { release(Owner::curl, block); }

// --- Lua ---

// Lua collects its garbage and asks once more before it gives up: that must fail too.
bool asks_again = false;

bool lua_fails() {
  if (asks_again) {
    asks_again = false;
    return true;
  }
  return asks_again = fails(Owner::lua);
}

}  // namespace

bool owner_named(const char *name, Owner *owner) {
  static const std::array<const char *, 3> names = {"own", "curl", "lua"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (std::strcmp(names[i], name) != 0) continue;
    *owner = static_cast<Owner>(i);
    return true;
  }
  return false;
}

void arm(Owner owner, long first, long count, bool show) {
  count_seen = 0;
  count_failed = 0;
  first_failing = first;
  end_of_failing = first + count;
  shows = show;
  asks_again = false;
  armed = static_cast<int>(owner);
}

void disarm() {
  armed = -1;
  asks_again = false;
}

long seen() { return count_seen; }
long failed() { return count_failed; }
long live(Owner owner) { return count_live[static_cast<std::size_t>(owner)]; }

void use_for_curl() {
  curl_global_init_mem(CURL_GLOBAL_DEFAULT, curl_malloc, curl_release, curl_realloc, curl_strdup,
                       curl_calloc);
}

void *lua_allocate(void *, void *block, std::size_t old_size, std::size_t size) {
  if (size == 0) {
    release(Owner::lua, block);
    return nullptr;
  }
  // Lua relies on it that making a block smaller never fails.
  const bool grows = block == nullptr || size > old_size;
  if (grows && lua_fails()) return nullptr;
  return block == nullptr ? counted(Owner::lua, std::malloc(size)) : std::realloc(block, size);
}

}  // namespace torture

// The executable's own operator new goes before the library's, for all that it loads.
void *operator new(std::size_t size) {
  void *block = torture::fails(torture::Owner::own)
                    ? nullptr
                    : torture::counted(torture::Owner::own, std::malloc(size != 0 ? size : 1));
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void *operator new(std::size_t size, const std::nothrow_t &) noexcept {
  return torture::fails(torture::Owner::own)
             ? nullptr
             : torture::counted(torture::Owner::own, std::malloc(size != 0 ? size : 1));
}

void operator delete(void *block) noexcept { torture::release(torture::Owner::own, block); }
void operator delete(void *block, std::size_t) noexcept { operator delete(block); }
