-- What `make install` and `luarocks make` lay down works by itself: a script runs from an empty
-- tree, with nothing of the work tree on its search paths.

-- The installed files are the same whichever host asks, and installing compiles everything: so
-- once, in plain LuaJIT, without the sanitizer library that a compiler would have to carry.
if os.getenv('LUVCURL_HOST') ~= 'luajit' or os.getenv('LUVCURL_ASAN')
  or os.getenv('LUVCURL_GC') then
  return
end

local uv = require 'luv'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local ROOT = uv.cwd()
local SECONDS = 300

local SCRIPT = [[
local curl = require 'luvcurl'
local res = assert(curl.get(arg[1]))
io.write(res.status, ' ', res.body)
]]

-- Runs a shell command in a directory; gives back all it printed.
local function sh(directory, command)
  local pipe = assert(io.popen(("cd '%s' && { timeout %d %s; } 2>&1; echo status $?")
    :format(directory, SECONDS, command)))
  local output = pipe:read('*a')
  pipe:close()
  local text, status = output:match('^(.*)status (%d+)\n$')
  assert(status == '0', ('%s\nfailed: %s'):format(command, text or output))
  return text
end

local CLEAN = "env -u LUA_PATH -u LUA_CPATH -u LUA_INIT -u MAKEFLAGS -u DESTDIR"

-- A new folder, gone after the test.
local function folder()
  local path = process.temp_dir('packaging')
  helper.defer(function() process.remove_tree(path) end)
  return path
end

local function names_in(path)
  local names = {}
  for name in sh(path, "find . -name '*.so' -o -name init.lua | sort"):gmatch('[^\n]+') do
    names[#names + 1] = name
  end
  return names
end

local function run_from(tree)
  process.write_file(tree .. '/script.lua', SCRIPT)
  return sh(tree, ("env -i PATH=\"$PATH\" HOME='%s' LUA_PATH='%s' LUA_CPATH='%s' luajit "
    .. "script.lua '%s/text.txt'"):format(tree,
    ('%s/share/lua/5.1/?.lua;%s/share/lua/5.1/?/init.lua'):format(tree, tree),
    ('%s/lib/lua/5.1/?.so;;'):format(tree), servers.nginx.url))
end

local FILES = {
  './lib/lua/5.1/luvcurl_core.so',
  './lib/lua/5.1/luvcurl_impl.so',
  './share/lua/5.1/luvcurl/init.lua',
}

local function assert_works(tree)
  local output = run_from(tree)
  assert.equal('200 the quick brown fox', output:sub(1, 23))
end

describe('packaging:', function()
  it('make install fills a prefix that a script can run from', function()
    local tree = folder()
    sh(ROOT, ("%s make install PREFIX='%s'"):format(CLEAN, tree))
    assert.same(FILES, names_in(tree))
    assert_works(tree)
  end)

  it('make install puts everything below DESTDIR', function()
    local stage = folder()
    sh(ROOT, ("%s make install PREFIX=/opt/luvcurl DESTDIR='%s'"):format(CLEAN, stage))
    assert.same(FILES, names_in(stage .. '/opt/luvcurl'))
  end)

  it('luarocks make fills a tree that a script can run from', function()
    local tree, source = folder(), folder()
    -- In a copy, since luarocks builds inside the sources.
    sh(ROOT, ("tar -c --exclude=./build --exclude=./build.luarocks --exclude=./.git . "
      .. "| tar -x -C '%s'"):format(source))
    -- deps-mode: a luv that Debian installed is unknown to luarocks.
    sh(source, ("%s HOME='%s' luarocks --lua-version=5.1 --tree='%s' make "
      .. "--deps-mode=none LUA_INCDIR=/usr/include/luajit-2.1"):format(CLEAN, source, tree))
    assert_works(tree)
  end)
end)
