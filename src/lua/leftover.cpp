#include "lua/leftover.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>

#include "lua/object.h"

namespace luvcurl::lua {

namespace {

// One of a list of all in the process, since its end is no state's.
struct Leftover {
  static constexpr const char *type_name = "luvcurl.leftover";
  static constexpr Slot slot = Slot::leftover;

  Leftover();
  ~Leftover();
  Leftover(const Leftover &) = delete;
  Leftover &operator=(const Leftover &) = delete;

  std::string path;  // empty for none
  pid_t owner;       // a fork has the list, too, and the file is not its own
  Leftover *next = nullptr;
  Leftover *previous = nullptr;
};

Leftover *first = nullptr;

// Never destroyed: other threads may have some when the process ends.
std::mutex &mutex() {
  static std::mutex &one = *new std::mutex;
  return one;
}

void remove(const Leftover &leftover) noexcept {
  if (!leftover.path.empty() && leftover.owner == ::getpid()) std::remove(leftover.path.c_str());
}

void at_exit() {
  const std::lock_guard<std::mutex> lock(mutex());
  for (const Leftover *one = first; one != nullptr; one = one->next) remove(*one);
}

Leftover::Leftover() : owner(::getpid()) {
  static const bool asked = std::atexit(&at_exit) == 0;
  (void)asked;
  const std::lock_guard<std::mutex> lock(mutex());
  next = first;
  if (next != nullptr) next->previous = this;
  first = this;
}

Leftover::~Leftover() {
  const std::lock_guard<std::mutex> lock(mutex());
  (previous != nullptr ? previous->next : first) = next;
  if (next != nullptr) next->previous = previous;
  remove(*this);
}

void name(Leftover &leftover, const char *path) {
  const std::lock_guard<std::mutex> lock(mutex());
  leftover.path = path;
}

int keep(lua_State *L) {
  if (Leftover *leftover = Object<Leftover>::find(L, 1)) name(*leftover, "");
  return 0;
}

}  // namespace

int new_leftover(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  name(Object<Leftover>::push(L), path);
  return 1;
}

void define_leftover(lua_State *L) {
  static const luaL_Reg methods[] = {{"keep", guarded<keep>}, {nullptr, nullptr}};
  Object<Leftover>::define(L, methods);
}

}  // namespace luvcurl::lua
