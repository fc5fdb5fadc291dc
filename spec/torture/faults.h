#pragma once

#include <cstddef>

namespace torture {

/// Whose allocations fail: luvcurl's own (operator new, which nothing else in the process uses),
/// libcurl's (what curl_global_init_mem was given), or Lua's (the state's allocator).
enum class Owner { own, curl, lua };

/// Reads 'own', 'curl' or 'lua'; false for another word.
bool owner_named(const char *name, Owner *owner);

/// From the `first` one on, counted from now, `count` allocations of an owner fail.
/// `show`: the stack of the first is printed (by a sanitizer, thus in its build only).
void arm(Owner owner, long first, long count, bool show);

/// Nothing fails any more.
void disarm();

long seen();             ///< allocations of the armed owner, since arm()
long failed();           ///< those of them that failed
long live(Owner owner);  ///< blocks that are allocated now

/// Gives libcurl its allocator; before anything else initialises it.
void use_for_curl();

/// A lua_Alloc.
void *lua_allocate(void *, void *block, std::size_t old_size, std::size_t size);

}  // namespace torture
