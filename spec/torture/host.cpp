// luvcurl_torture SCENARIO OWNER FIRST STEP COUNT: a Lua host that runs a scenario of
// spec/torture/scenarios.lua again and again, each time in a new Lua state. The first time the
// FIRST-th allocation of OWNER fails, and COUNT - 1 after it; then the one STEP later, and so on,
// until the scenario ends before one has failed. Prints how many runs that took. With a STEP of 0
// there is one such run, which shows where the allocation was to be made.
//
// After each run nothing of luvcurl's or libcurl's may be left allocated, no descriptor open, and
// the scenario itself says whether all callbacks came as promised.

#include <dlfcn.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "faults.h"

extern "C" {
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
}

namespace {

using torture::Owner;

constexpr unsigned int longest_run = 20;  // s

struct Plan {
  const char *scenario;
  Owner owner;
  const char *owner_name;
  long first, step, count;
};

Plan plan;
int uncaught = 0;  // errors that left a callback

void hung(int) {
  std::fprintf(stderr, "%s: hangs when the %ld. allocation (%s) fails\n", plan.scenario, plan.first,
               plan.owner_name);
  std::abort();
}

// luv's own would end the process for want of memory.
int call_from_loop(lua_State *L, int arguments, int results, int) {
  const int function = lua_gettop(L) - arguments;
  const int status = lua_pcall(L, arguments, results, 0);
  if (status != LUA_OK) {
    ++uncaught;
    lua_settop(L, function - 1);
  }
  return -status;
}

// --- what the script may ask for ---

// hook(path): luv, to be loaded from there, calls back through call_from_loop.
int hook(lua_State *L) {
  void *luv = dlopen(luaL_checkstring(L, 1), RTLD_LAZY);
  if (luv == nullptr) return luaL_error(L, "%s", dlerror());
  using Call = int (*)(lua_State *, int, int, int);
  const auto set = reinterpret_cast<void (*)(lua_State *, Call)>(dlsym(luv, "luv_set_callback"));
  if (set == nullptr) return luaL_error(L, "luv has no luv_set_callback");
  set(L, &call_from_loop);
  return 0;
}

// keep(path): a module stays when its state goes, so that the leak checker knows what is its.
int keep(lua_State *L) {
  if (dlopen(luaL_checkstring(L, 1), RTLD_LAZY) == nullptr) return luaL_error(L, "%s", dlerror());
  return 0;
}

int arm(lua_State *) {
  torture::arm(plan.owner, plan.first, plan.count, plan.step == 0);
  return 0;
}

// disarm(): how many errors left a callback, and how many allocations have failed
int disarm(lua_State *L) {
  torture::disarm();
  lua_pushinteger(L, uncaught);
  lua_pushinteger(L, torture::failed());
  return 2;
}

int open_torture(lua_State *L) {
  const luaL_Reg functions[] = {
      {"hook", hook}, {"keep", keep}, {"arm", arm}, {"disarm", disarm}, {nullptr, nullptr}};
  lua_newtable(L);
  for (const luaL_Reg *function = functions; function->name != nullptr; ++function) {
    lua_pushcfunction(L, function->func);
    lua_setfield(L, -2, function->name);
  }
  return 1;
}

// --- one run ---

int run_script(lua_State *L) {
  luaL_openlibs(L);
  luaL_requiref(L, "torture", open_torture, 0);
  lua_settop(L, 0);
  if (luaL_loadfile(L, "spec/torture/run.lua") != LUA_OK) return lua_error(L);
  lua_pushstring(L, plan.scenario);
  lua_call(L, 1, 0);
  return 0;
}

int message(lua_State *L) {
  luaL_traceback(L, L, lua_tostring(L, 1), 1);
  return 1;
}

bool run() {
  uncaught = 0;
  alarm(longest_run);
  lua_State *L = lua_newstate(&torture::lua_allocate, nullptr);
  lua_pushcfunction(L, &message);
  lua_pushcfunction(L, &run_script);
  const bool ok = lua_pcall(L, 0, 0, 1) == LUA_OK;
  torture::disarm();
  if (!ok)
    std::fprintf(stderr, "%s: when the %ld. allocation (%s) fails: %s\n", plan.scenario, plan.first,
                 plan.owner_name, lua_tostring(L, -1));
  lua_close(L);
  alarm(0);
  return ok;
}

// --- what must not grow ---

struct Holdings {
  long own, curl, lua;
  int descriptor;  // the first that is free

  static Holdings now() {
    const int free = dup(0);
    close(free);
    return {torture::live(Owner::own), torture::live(Owner::curl), torture::live(Owner::lua), free};
  }
  bool operator!=(const Holdings &other) const {
    return own != other.own || curl != other.curl || lua != other.lua ||
           descriptor != other.descriptor;
  }
};

// Adds what is left over to `before`: each run is to be blamed for its own.
bool leaves_nothing(Holdings &before) {
  const Holdings after = Holdings::now();
  if (!(after != before)) return true;
  std::fprintf(stderr,
               "%s: when the %ld. allocation (%s) fails, there are left over: %ld blocks of "
               "luvcurl's, %ld of libcurl's, %ld of Lua's, %d descriptors\n",
               plan.scenario, plan.first, plan.owner_name, after.own - before.own,
               after.curl - before.curl, after.lua - before.lua,
               after.descriptor - before.descriptor);
  before = after;
  return false;
}

bool run_all() {
  const long first = plan.first;
  plan.first = 1L << 60;  // nothing fails: what is made once in a process is made
  for (int i = 0; i < 2; ++i) {
    if (!run()) return false;
  }
  bool ok = true;
  long runs = 0;
  long failures = 0;
  Holdings before = Holdings::now();
  for (plan.first = first;; plan.first += plan.step, ++runs) {
    ok = run() && ok;
    if (torture::failed() == 0) break;
    failures += torture::failed();
    ok = leaves_nothing(before) && ok;
    if (plan.step == 0) break;
  }
  std::printf("%ld runs, %ld allocations failed\n", runs, failures);
  return ok;
}

}  // namespace

int main(int count, char **arguments) {
  if (count != 6 || !torture::owner_named(arguments[2], &plan.owner)) {
    std::fputs("usage: luvcurl_torture SCENARIO own|curl|lua FIRST STEP COUNT\n", stderr);
    return 2;
  }
  plan.scenario = arguments[1];
  plan.owner_name = arguments[2];
  plan.first = std::atol(arguments[3]);
  plan.step = std::atol(arguments[4]);
  plan.count = std::atol(arguments[5]);
  std::signal(SIGALRM, hung);
  std::signal(SIGPIPE, SIG_IGN);
  torture::use_for_curl();
  return run_all() ? 0 : 1;
}
