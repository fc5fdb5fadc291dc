rockspec_format = '3.0'
package = 'luvcurl'
version = 'scm-1'

-- Made for `luarocks make` in a checkout; there is no public address yet.
source = {
  url = 'git+https://luvcurl.invalid/luvcurl.git',
}

description = {
  summary = "libcurl on luv's event loop",
  detailed = [[
    Asynchronous HTTP(S) by libcurl on the event loop that luv already runs: callbacks, coroutines,
    and every option of libcurl. For luvit, LuaJIT and Lua with luv, and Neovim.
  ]],
  license = 'MIT',
}

dependencies = {
  'lua >= 5.1, < 5.5',
  'luv >= 1.42',
}

-- libcurl is no external dependency here: luarocks would look for its headers in /usr/include
-- alone, and Debian has them in an architecture's folder. cmake finds it, or says it is missing.

build = {
  type = 'cmake',
  variables = {
    CMAKE_BUILD_TYPE = 'Release',
    CMAKE_INSTALL_PREFIX = '$(PREFIX)',
    LUA_INCDIR = '$(LUA_INCDIR)',
    LUVCURL_INSTALL_LMOD = '$(LUADIR)',
    LUVCURL_INSTALL_CMOD = '$(LIBDIR)',
  },
}
