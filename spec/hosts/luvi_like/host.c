/* A host shaped like luvi, to test a module in the surroundings that luvit gives it:
 *
 *  - LuaJIT, libuv and luv are inside the executable, which exports their symbols;
 *  - luv is known as package.loaded.uv alone: `require 'luv'` would load a second one;
 *  - symbols of OpenSSL are exported too (decoys.c), as those of luvi's static OpenSSL are.
 *
 * What luvit's init.lua does around a script is in init.lua beside this file. */

#include <stdio.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <luv/luv.h>
#include <uv.h>

#include "init_lua.h"

/* A fresh state with luv in it; luv also calls this for its threads and its work queue. */
static lua_State *new_state(void) {
  lua_State *L = luaL_newstate();
  if (L == NULL) return NULL;
  luaL_openlibs(L);
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "loaded");
  lua_pushcfunction(L, luaopen_luv);
  lua_call(L, 0, 1);
  lua_setfield(L, -2, "uv");
  lua_pop(L, 2);
  return L;
}

static void free_state(lua_State *L) { lua_close(L); }

/* argv as Lua's `arg`: the script is number 0, this program number -1. */
static void push_arguments(lua_State *L, int argc, char **argv) {
  lua_createtable(L, argc, 1);
  for (int i = 0; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i - 1);
  }
}

static int run(lua_State *L, int argc, char **argv) {
  if (luaL_loadbuffer(L, init_lua, sizeof init_lua, "=init.lua") != 0) return -1;
  push_arguments(L, argc, argv);
  if (lua_pcall(L, 1, 1, 0) != 0) return -1;
  return (int)lua_tointeger(L, -1);
}

int main(int argc, char **argv) {
  argv = uv_setup_args(argc, argv);
  if (argc < 2) {
    fprintf(stderr, "usage: %s script.lua [argument...]\n", argv[0]);
    return 2;
  }
  luv_set_thread_cb(new_state, free_state);
  lua_State *L = new_state();
  if (L == NULL) {
    fprintf(stderr, "%s: no memory for a Lua state\n", argv[0]);
    return 1;
  }
  int status = run(L, argc, argv);
  if (lua_type(L, -1) == LUA_TSTRING) fprintf(stderr, "%s\n", lua_tostring(L, -1));
  free_state(L);
  return status;
}
