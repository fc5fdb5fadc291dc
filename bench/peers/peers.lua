-- The peers: HTTP clients that the bench runs beside luvcurl, and how to start each. Paths are
-- relative to the project's root. What every client takes and prints is told in README.md.

local peers = {}

local LUVIT = os.getenv 'LUVIT' or 'luvit'
-- Debian's, which has its modules; another one may come first on the path.
local PYTHON = '/usr/bin/python3'

---@class Peer
---@field name string       short and unique, for tables and files
---@field library string    what is measured
---@field language string
---@field argv string[]     how it is started, before the arguments that all clients take
---@field needs string      what to install, or to set, where it is missing
---@field http2 boolean     over TLS
---@field tls boolean
---@field workloads table<string, true>

local function set(...)
  local result = { get = true }
  for _, workload in ipairs { ... } do
    result[workload] = true
  end
  return result
end

---@type Peer[]
peers.list = {
  {
    name = 'lua-http', library = 'lua-http on cqueues', language = 'LuaJIT',
    argv = { 'luajit', 'bench/peers/lua-http.lua' },
    needs = 'Debian: lua-http, luajit',
    workloads = set('down', 'post-json'), http2 = true, tls = true,
  },
  {
    name = 'lua-curl', library = "Lua-cURL 3's multi", language = 'LuaJIT',
    argv = { 'luajit', 'bench/peers/lua-curl.lua' },
    needs = "Lua-cURL 3 (Debian's lua-curl has no multi): LUA_CURL, the folder of its lcurl.so",
    workloads = set('down', 'post-json'), http2 = true, tls = true,
  },
  {
    name = 'ffi-example', library = "libcurl by ffi, as luvit's example", language = 'LuaJIT',
    argv = { 'luajit', 'bench/peers/ffi-example.lua' },
    needs = 'Debian: lua-luv, luajit, libcurl4',
    workloads = set('down', 'post-json'), http2 = true, tls = true,
  },
  {
    name = 'pycurl', library = "pycurl's multi with socket_action", language = 'Python',
    argv = { PYTHON, 'bench/peers/pycurl_multi.py' },
    needs = 'Debian: python3-pycurl',
    workloads = set('down', 'post-json'), http2 = true, tls = true,
  },
  {
    name = 'aiohttp', library = 'aiohttp on asyncio', language = 'Python',
    argv = { PYTHON, 'bench/peers/aiohttp_client.py' },
    needs = 'Debian: python3-aiohttp',
    workloads = set('down', 'post-json'), http2 = false, tls = true,
  },
  {
    name = 'undici', library = "undici's request", language = 'Node',
    argv = { 'node', 'bench/peers/undici-request.mjs' },
    needs = 'Node 20.18 or newer and bench/peers/prepare.sh, which needs npm',
    workloads = set('down', 'post-json'), http2 = true, tls = true,
  },
  {
    name = 'fetch', library = "Node's fetch", language = 'Node',
    argv = { 'node', 'bench/peers/fetch.mjs' },
    needs = 'Debian: nodejs',
    workloads = set('down', 'post-json'), http2 = false, tls = false,
  },
  {
    name = 'luvit-coro-http', library = 'coro-http', language = 'luvit',
    argv = { LUVIT, 'bench/peers/luvit-coro-http.lua' },
    needs = "luvit on the path or as LUVIT, and LIT_DEPS, the folder deps of lit's packages",
    workloads = set('post-json'), http2 = false, tls = false,
  },
  {
    name = 'luvit-http', library = "luvit's http", language = 'luvit',
    argv = { LUVIT, 'bench/peers/luvit-http.lua' },
    needs = 'luvit on the path or as LUVIT',
    workloads = set('down', 'post-json'), http2 = false, tls = false,
  },
  {
    name = 'luvit-luvcurl', library = 'luvcurl with coroutines', language = 'luvit',
    argv = { LUVIT, 'bench/peers/luvit-luvcurl.lua' },
    needs = 'luvit on the path or as LUVIT',
    workloads = set('down', 'post-json'), http2 = true, tls = true,
  },
  {
    name = 'luvit-luvcurl-callbacks', library = 'luvcurl with callbacks', language = 'luvit',
    argv = { LUVIT, 'bench/peers/luvit-luvcurl.lua', '--callbacks' },
    needs = 'luvit on the path or as LUVIT',
    workloads = set('post-json'), http2 = true, tls = true,
  },
}

local function quoted(argv)
  local words = {}
  for i, word in ipairs(argv) do
    words[i] = "'" .. word:gsub("'", "'\\''") .. "'"
  end
  return table.concat(words, ' ')
end

--- The versions of what a peer measures, on one line: it is started with --version, which loads all
--- it needs. The current directory is the project's root.
---@param peer Peer
---@return string|nil version  nil where something is missing: then `peer.needs` tells what
---@return string? output      what it printed instead
function peers.version(peer)
  local pipe = assert(io.popen(quoted(peer.argv) .. ' --version 2>&1; echo "status $?"'))
  local output, status = pipe:read('*a'):match '^(.-)\n?status (%d+)\n$'
  pipe:close()
  if status ~= '0' then
    return nil, output
  end
  return output
end

return peers
