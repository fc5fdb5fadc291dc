-- The hosts the specs run in: how each is started, and with what environment.

local uv = require 'luv'
local process = require 'spec.support.process'

local hosts = {}

hosts.ALL = { 'luajit', 'nvim', 'luvi', 'lua5.1', 'lua5.3', 'lua5.4' }

local function exists(path)
  return uv.fs_stat(path) ~= nil
end

-- PUC Lua has other headers, so a build of its own; 5.1's binary interface is LuaJIT's.
local function build_dir(name, build)
  local own = build .. '-' .. name
  if name:match('^lua5') and (name ~= 'lua5.1' or exists(own)) then
    return own
  end
  return build
end

local STARTS = {
  luajit = function(entry) return process.find('luajit', 'luajit'), { entry } end,
  nvim = function(entry)
    return process.find('nvim', 'neovim'),
      { '--headless', '-u', 'NONE', '-i', 'NONE', '-n', '-c', 'luafile ' .. entry }
  end,
  luvi = function(entry, build)
    local program = build .. '/luvi_like'
    if not exists(program) then
      error(('%s is missing: build it first'):format(program), 0)
    end
    return program, { entry }
  end,
}
for _, version in ipairs { '5.1', '5.3', '5.4' } do
  STARTS['lua' .. version] = function(entry)
    return process.find('lua' .. version, 'lua' .. version), { entry }
  end
end

local function sanitizer_library(build)
  local cache = process.read_file(build .. '/CMakeCache.txt')
  local compiler = cache:match('CMAKE_CXX_COMPILER:%w+=([^\n]+)') or 'c++'
  local name = compiler:match('clang') and 'libclang_rt.asan-x86_64.so' or 'libasan.so'
  local pipe = assert(io.popen(("'%s' -print-file-name=%s"):format(compiler, name)))
  local path = pipe:read('*l')
  pipe:close()
  if not path or not path:match('^/') then
    error('no address sanitizer library: ' .. name, 0)
  end
  return path
end

-- Memcheck, for the host and for the scripts that specs start in its like; it follows into nothing
-- else. It would report LuaJIT for what that means to do, so hosts of PUC Lua are for it. A block
-- definitely lost is an error; what an exit in mid-transfer leaves is no such loss.
local MEMCHECK = { 'valgrind', '--quiet', '--error-exitcode=99', '--leak-check=full',
  '--num-callers=30', '--show-leak-kinds=definite', '--errors-for-leak-kinds=definite',
  '--child-silent-after-fork=yes' }

-- Lua's search paths: the work tree, the build, and what the system has.
local function search_paths(name, root, build)
  local lua_path = ('%s/lua/?.lua;%s/lua/?/init.lua;%s/?.lua'):format(root, root, root)
  local lua_cpath = build .. '/?.so'
  if name == 'lua5.3' or name == 'lua5.4' then
    return lua_path .. ';;', lua_cpath .. ';;'
  end
  -- This script's own paths, because hosts with a Lua inside look into other places.
  return lua_path .. ';' .. package.path, lua_cpath .. ';' .. package.cpath
end

local CLEARED = { '^LUA_PATH', '^LUA_CPATH', '^LUA_INIT', '^LUVCURL_', '^LD_PRELOAD$',
  '_?[pP][rR][oO][xX][yY]$', '_PROXY$', '^SSL_CERT_', '^CURL_' }

local function inherited()
  local env = {}
  for name, value in pairs(uv.os_environ()) do
    local keep = true
    for _, pattern in ipairs(CLEARED) do
      keep = keep and not name:find(pattern)
    end
    if keep then
      env[name] = value
    end
  end
  return env
end

local function environment(name, options, context, build)
  local env = inherited()
  env.LUA_PATH, env.LUA_CPATH = search_paths(name, options.root, build)
  env.LUVCURL_HOST = name
  env.LUVCURL_BUILD = build
  env.LUVCURL_SPECS = table.concat(context.specs, '\n')
  env.LUVCURL_RESULT = context.result
  env.LUVCURL_SERVERS = context.servers
  env.LUVCURL_FILTER = options.filter
  env.LUVCURL_GC = options.gc
  env.LUVCURL_VERBOSE = options.verbose and '1' or nil
  env.LUVCURL_ASAN = options.asan and '1' or nil
  env.LUVCURL_VALGRIND = options.valgrind and table.concat(MEMCHECK, ' ') or nil
  -- Only for the scripts that specs start: see tools/tsan.sh.
  env.LUVCURL_PRELOAD = os.getenv('LUVCURL_TSAN')
  -- Whatever is made there goes with the run.
  env.TMPDIR = context.dir
  -- Neovim writes its state there, and nothing of the user's may reach it.
  env.XDG_CONFIG_HOME, env.XDG_DATA_HOME, env.XDG_STATE_HOME = context.dir, context.dir, context.dir
  if options.asan then
    env.LD_PRELOAD = sanitizer_library(build)
    env.LUVCURL_PRELOAD = env.LD_PRELOAD
    env.ASAN_OPTIONS = os.getenv('ASAN_OPTIONS') or 'detect_leaks=0:abort_on_error=1'
    env.UBSAN_OPTIONS = os.getenv('UBSAN_OPTIONS') or 'print_stacktrace=1:halt_on_error=1'
  end
  local list = {}
  for key, value in pairs(env) do
    list[#list + 1] = key .. '=' .. value
  end
  return list
end

--- How to run the specs in a host. Raises when the host or its build is missing.
---@param name string one of hosts.ALL
---@param options table { root, build, asan, valgrind, gc, filter, verbose }
---@param context table { specs, servers, result, dir }
---@return { program: string, args: string[], env: string[] }
function hosts.command(name, options, context)
  local start = STARTS[name]
  if not start then
    error(("unknown host '%s'; there are: %s"):format(name, table.concat(hosts.ALL, ', ')), 0)
  end
  local build = build_dir(name, options.build)
  local program, args = start(options.root .. '/spec/support/entry.lua', build)
  if options.valgrind then
    process.find('valgrind', 'valgrind')
    program, args = process.started_by(MEMCHECK, program, args)
  end
  return { program = program, args = args, env = environment(name, options, context, build) }
end

--- What a host wrote to its result file, however far it came.
---@param path string
---@return { passed: integer, failed: integer, done: boolean, running: string|nil }
function hosts.read_result(path)
  local result = { passed = 0, failed = 0, done = false }
  for line in process.read_file(path):gmatch('[^\n]+') do
    local word, rest = line:match('^(%a+)\t?(.*)$')
    if word == 'start' then
      result.running = rest
    elseif word == 'done' then
      result.done, result.running = true, nil
    elseif word == 'pass' then
      result.passed, result.running = result.passed + 1, nil
    elseif word == 'fail' then
      result.failed, result.running = result.failed + 1, nil
    end
  end
  return result
end

return hosts
