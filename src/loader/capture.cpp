#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "capture.h"

// Where there is no deep binding, nothing of the kind can be told apart from how it always is.
#if defined(__GLIBC__) && !defined(LUVCURL_SANITIZE)

#include <dlfcn.h>
#include <link.h>

#include <cstdint>
#include <cstdio>
#include <cstring>

namespace luvcurl::loader {

namespace {

using Address = std::uintptr_t;

// The dynamic linker tells addresses as numbers.
template <class T>
const T *pointer_to(Address address) {
  return reinterpret_cast<const T *>(address);  // NOLINT(performance-no-int-to-ptr)
}

// What the dynamic linker knows of a library.
struct Dynamic {
  explicit Dynamic(const link_map *of) : map(of) {
    for (const ElfW(Dyn) *entry = of->l_ld; entry->d_tag != DT_NULL; ++entry) {
      if (entry->d_tag == DT_STRTAB) strings = at<char>(entry->d_un.d_ptr);
      if (entry->d_tag == DT_SYMTAB) symbols = at<ElfW(Sym)>(entry->d_un.d_ptr);
      if (entry->d_tag == DT_SONAME) name = entry->d_un.d_val;
    }
  }

  // glibc has made most of these addresses absolute, but not on every machine.
  template <class T>
  const T *at(Address address) const {
    const Address base = map->l_addr;
    return pointer_to<T>(address < base ? address + base : address);
  }

  const char *soname() const {
    if (strings != nullptr && name != 0) return strings + name;
    const char *slash = std::strrchr(map->l_name, '/');
    return slash != nullptr ? slash + 1 : map->l_name;
  }

  template <class Visit>
  void each_needed(Visit &&visit) const {
    for (const ElfW(Dyn) *entry = map->l_ld; strings != nullptr && entry->d_tag != DT_NULL; ++entry)
      if (entry->d_tag == DT_NEEDED) visit(strings + entry->d_un.d_val);
  }

  // Calls visit(name of the symbol, what it is bound to) for each reference by name that leads to
  // anything but the library's own symbol.
  template <class Visit>
  void each_binding(Visit &&visit) const {
    Address table = 0, plt = 0;
    std::size_t table_size = 0, plt_size = 0;
    bool with_addend = sizeof(void *) == 8;
    for (const ElfW(Dyn) *entry = map->l_ld; entry->d_tag != DT_NULL; ++entry) {
      if (entry->d_tag == DT_RELA || entry->d_tag == DT_REL) table = entry->d_un.d_ptr;
      if (entry->d_tag == DT_RELASZ || entry->d_tag == DT_RELSZ) table_size = entry->d_un.d_val;
      if (entry->d_tag == DT_JMPREL) plt = entry->d_un.d_ptr;
      if (entry->d_tag == DT_PLTRELSZ) plt_size = entry->d_un.d_val;
      if (entry->d_tag == DT_PLTREL) with_addend = entry->d_un.d_val == DT_RELA;
    }
    if (with_addend) {
      visit_all(at<ElfW(Rela)>(table), table_size, visit);
      visit_all(at<ElfW(Rela)>(plt), plt_size, visit);
    } else {
      visit_all(at<ElfW(Rel)>(table), table_size, visit);
      visit_all(at<ElfW(Rel)>(plt), plt_size, visit);
    }
  }

  template <class Relocation, class Visit>
  void visit_all(const Relocation *first, std::size_t size, Visit &visit) const {
    if (strings == nullptr || symbols == nullptr) return;
    for (std::size_t i = 0; i < size / sizeof(Relocation); ++i) {
      const std::size_t symbol = sizeof(void *) == 8 ? first[i].r_info >> 32 : first[i].r_info >> 8;
      if (symbol == 0) continue;
      const Address target = *pointer_to<Address>(map->l_addr + first[i].r_offset);
      if (target != map->l_addr + symbols[symbol].st_value)
        visit(strings + symbols[symbol].st_name, target);
    }
  }

  const link_map *map;
  const char *strings = nullptr;
  const ElfW(Sym) *symbols = nullptr;
  std::size_t name = 0;
};

// Where a library lies: dladdr would look through all symbols of one for each address.
struct Range {
  explicit Range(const link_map *map) : base(map->l_addr) {
    const auto visit = [](dl_phdr_info *info, std::size_t, void *range) {
      auto &self = *static_cast<Range *>(range);
      if (info->dlpi_addr != self.base) return 0;
      for (int i = 0; i < info->dlpi_phnum; ++i) {
        const ElfW(Phdr) &part = info->dlpi_phdr[i];
        if (part.p_type == PT_LOAD && info->dlpi_addr + part.p_vaddr + part.p_memsz > self.end)
          self.end = info->dlpi_addr + part.p_vaddr + part.p_memsz;
      }
      return 1;
    };
    dl_iterate_phdr(visit, this);
  }
  bool has(Address address) const { return address >= base && address < end; }

  Address base;
  Address end = 0;
};

const link_map *owner_of(const void *address) {
  Dl_info info{};
  link_map *map = nullptr;
  if (address == nullptr ||
      dladdr1(address, &info, reinterpret_cast<void **>(&map), RTLD_DL_LINKMAP) == 0)
    return nullptr;
  return map;
}

const link_map *first_loaded(const link_map *any) {
  while (any->l_prev != nullptr) any = any->l_prev;
  return any;
}

const link_map *loaded_as(const link_map *any, const char *soname) {
  for (const link_map *map = first_loaded(any); map != nullptr; map = map->l_next)
    if (std::strcmp(Dynamic(map).soname(), soname) == 0) return map;
  return nullptr;
}

bool needs(const link_map *map, const link_map *other) {
  bool is_needed = false;
  const char *soname = Dynamic(other).soname();
  Dynamic(map).each_needed(
      [&](const char *name) { is_needed = is_needed || std::strcmp(name, soname) == 0; });
  return is_needed;
}

// What a library needs, and what that does, and so on.
struct Tree {
  void add(const link_map *map) {
    if (map == nullptr || has(map) || count == most) return;
    all[count++] = map;
    Dynamic(map).each_needed([&](const char *name) { add(loaded_as(map, name)); });
  }
  bool has(const link_map *map) const {
    for (std::size_t i = 0; i < count; ++i)
      if (all[i] == map) return true;
    return false;
  }
  static constexpr std::size_t most = 256;
  const link_map *all[most] = {};
  std::size_t count = 0;
};

// Functions by which to know who has an OpenSSL. Not SSL_new and its like, of which preloaded
// libraries that log keys have their own.
constexpr const char *functions[] = {"OPENSSL_init_crypto", "CRYPTO_free"};

struct Sides {
  // Whose OpenSSL comes first for whatever is opened in the ordinary way; nullptr: nobody's.
  const link_map *host = nullptr;
  const link_map *own[2] = {nullptr, nullptr};  // libcrypto and libssl
};

Sides sides_of(void *opened) {
  Sides sides;
  for (const char *function : functions) {
    const void *own = dlsym(opened, function);
    const void *first = dlsym(RTLD_DEFAULT, function);
    if (own != nullptr && first != nullptr && own != first) sides.host = owner_of(first);
  }
  sides.own[0] = owner_of(dlsym(opened, "OPENSSL_init_crypto"));
  sides.own[1] = owner_of(dlsym(opened, "SSL_CTX_new"));
  return sides;
}

// Whether a reference of the library's to its own OpenSSL leads to the host's; one that is still to
// be bound, in a library that was loaded before, will.
bool is_bound_to_host(const link_map *map, bool before, void *opened, const Sides &sides) {
  bool is = false;
  const Range host(sides.host), self(map);
  Dynamic(map).each_binding([&](const char *name, Address target) {
    if (is || !(host.has(target) || (before && self.has(target)))) return;
    if (owner_of(dlsym(RTLD_DEFAULT, name)) != sides.host) return;
    const link_map *right = owner_of(dlsym(opened, name));
    is = right != nullptr && (right == sides.own[0] || right == sides.own[1]);
  });
  return is;
}

// Whether a library leads to `captured`, and nothing that was loaded before `opened` to it: this is
// what was asked for.
bool has_brought(const link_map *map, const link_map *captured, const link_map *opened) {
  Tree tree;
  tree.add(map);
  if (!tree.has(captured)) return false;
  for (const link_map *other = first_loaded(map); other != opened; other = other->l_next)
    if (other != map && needs(other, map)) return false;
  return true;
}

const char *name_of(const link_map *map) {
  return map->l_name[0] != '\0' ? map->l_name : "the host program";
}

void tell(const link_map *captured, const link_map *opened, const Sides &sides, char *why,
          std::size_t size) {
  char brought[512] = "";
  for (const link_map *map = first_loaded(opened)->l_next; map != opened; map = map->l_next) {
    if (map == captured || !has_brought(map, captured, opened)) continue;
    const std::size_t used = std::strlen(brought);
    std::snprintf(brought + used, sizeof brought - used, "%s%s", used == 0 ? ", brought by " : ", ",
                  name_of(map));
  }
  std::snprintf(why, size,
                "%s was loaded before luvcurl%s, and is bound to the OpenSSL of %s: TLS would fail "
                "or crash; require 'luvcurl' before it is loaded",
                name_of(captured), brought, name_of(sides.host));
}

}  // namespace

bool is_captured(void *opened, char *why, std::size_t size) {
  const Sides sides = sides_of(opened);
  if (sides.host == nullptr) return false;
  link_map *self = nullptr;
  if (dlinfo(opened, RTLD_DI_LINKMAP, &self) != 0) return false;
  Tree tree;
  tree.add(self);
  if (tree.has(sides.host)) return false;
  bool before = true;
  for (const link_map *map = first_loaded(self); map != nullptr; map = map->l_next) {
    if (map == self) before = false;
    if (!tree.has(map) || !is_bound_to_host(map, before, opened, sides)) continue;
    tell(map, self, sides, why, size);
    return true;
  }
  return false;
}

}  // namespace luvcurl::loader

#else

namespace luvcurl::loader {

bool is_captured(void *, char *, std::size_t) { return false; }

}  // namespace luvcurl::loader

#endif
