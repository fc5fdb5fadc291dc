-- Who is measured, and one run of a client.

local uv = require 'luv'
local server = require 'bench.support.server'

local clients = {}

clients.BUILD = os.getenv 'LUVCURL_BUILD' or 'build/release'
local BUILD = clients.BUILD

local function set(...)
  local result = {}
  for _, name in ipairs { ... } do
    result[name] = true
  end
  return result
end

local function luvcurl(style, ...)
  return {
    name = 'luvcurl-' .. style, argv = { 'luajit', 'bench/luvcurl.lua', '--style', style },
    workloads = set('get', ...), http2 = true, tls = true,
  }
end

local CXX = set('get', 'down', 'down-chunks', 'down-file', 'up-file', 'post-json')

---@class bench.Client
---@field name string
---@field argv string[]
---@field workloads table<string, true>
---@field http2 boolean
---@field tls boolean
---@field in_flight table<integer, true>|nil  of one that is measured with get12 only: where

---@type bench.Client[]
clients.own = {
  { name = 'textbook', argv = { BUILD .. '/bench/textbook' }, workloads = CXX, http2 = true,
    tls = true },
  { name = 'best', argv = { BUILD .. '/bench/best' }, workloads = CXX, http2 = true, tls = true },
  luvcurl('callbacks', 'down-chunks', 'up-file', 'post-json'),
  luvcurl('coroutines', 'down-file', 'up-file', 'post-json'),
  luvcurl('stream', 'down', 'down-chunks'),
  -- What it would be if luvcurl never let the rest of the loop go first.
  { name = 'luvcurl-unbounded', argv = { 'luajit', 'bench/luvcurl.lua', '--style', 'callbacks',
    '--turn-budget', '60000' }, workloads = set 'get', http2 = false, tls = false,
    in_flight = set(1000) },
  { name = 'curl-tool', argv = { 'sh', 'bench/curl_tool.sh' }, workloads = set 'down-file',
    http2 = false, tls = false },
}

-- Where luvit's clients are measured beside 64.
local LUVIT = set(64, 1000, 4000)

--- The clients, the peers that are there among them.
---@param with_peers boolean
---@return bench.Client[]
---@return { name: string, needs: string }[] missing
function clients.list(with_peers)
  local list, missing = {}, {}
  for _, client in ipairs(clients.own) do
    list[#list + 1] = client
  end
  if not with_peers then
    return list, missing
  end
  local peers = require 'bench.peers.peers'
  for _, peer in ipairs(peers.list) do
    local version = peers.version(peer)
    if version then
      list[#list + 1] = {
        name = peer.name, argv = peer.argv, workloads = set 'get', http2 = false, tls = false,
        version = version,
        in_flight = peer.name:find '^luvit%-.*cur' and LUVIT or peer.name == 'luvit-coro-http'
          and LUVIT or set(64),
      }
    else
      missing[#missing + 1] = { name = peer.name, needs = peer.needs }
    end
  end
  return list, missing
end

--- Whether a client is measured there.
---@param client bench.Client
---@param workload bench.Workload
---@param in_flight integer
---@return boolean
function clients.can(client, workload, in_flight)
  return client.workloads[workload.workload] == true
    and (workload.scheme ~= 'h2' or client.http2)
    and (workload.scheme ~= 'https' or client.tls)
    and (not client.in_flight or workload.name == 'get12' and client.in_flight[in_flight] == true)
end

local function quoted(words)
  local result = {}
  for i, word in ipairs(words) do
    result[i] = "'" .. tostring(word):gsub("'", "'\\''") .. "'"
  end
  return table.concat(result, ' ')
end

clients.quoted = quoted

local ENVIRONMENT = 'ulimit -n "$(ulimit -Hn)"; unset http_proxy https_proxy all_proxy no_proxy '
  .. 'HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY'

-- Where all that we start finds luvcurl.
local folder = BUILD:match '^/' and BUILD or uv.cwd() .. '/' .. BUILD
uv.os_setenv('LUA_PATH', uv.cwd() .. '/lua/?.lua;' .. uv.cwd() .. '/lua/?/init.lua;;')
uv.os_setenv('LUA_CPATH', folder .. '/?.so;;')

-- In seconds. One that hangs is broken.
local DEADLINE = 120

--- A shell command that runs what a client runs: pinned, with its environment.
---@param words string[]
---@param log string  where its stderr goes
---@return string
function clients.command(words, log)
  local line = { 'timeout', '-k', '5', tostring(DEADLINE) }
  for _, word in ipairs(server.pinned '0') do
    line[#line + 1] = word
  end
  for _, word in ipairs(words) do
    line[#line + 1] = word
  end
  return ('(%s; exec %s 2>%s); echo "status $?"'):format(ENVIRONMENT, quoted(line), quoted { log })
end

--- What a client is started with.
---@param client bench.Client
---@param workload bench.Workload
---@param in_flight integer
---@param requests integer
---@param at bench.Server
---@return string[]
function clients.words(client, workload, in_flight, requests, at)
  local words = {}
  for _, word in ipairs(client.argv) do
    words[#words + 1] = word
  end
  local function add(...)
    for _, word in ipairs { ... } do
      words[#words + 1] = word
    end
  end
  add('--url', at.url(workload.scheme) .. workload.path, '--requests', requests,
    '--in-flight', in_flight)
  if workload.workload ~= 'get' then
    add('--workload', workload.workload)
  end
  if workload.scheme ~= 'http' then
    add('--cacert', at.certs.ca)
  end
  if workload.scheme == 'h2' then
    add('--http2')
  end
  if workload.workload == 'down-file' then
    add('--file', at.dir .. '/down')
  elseif workload.workload == 'up-file' then
    add('--file', at.source)
  end
  return words
end

---@class bench.Sample
---@field requests integer
---@field failed integer
---@field seconds number
---@field user number
---@field system number
---@field max_rss_kb integer
---@field bytes number

--- Runs a client once. Raises where it does not do what README.md asks.
---@param client bench.Client
---@param workload bench.Workload
---@param in_flight integer
---@param requests integer
---@param at bench.Server
---@return bench.Sample
function clients.run(client, workload, in_flight, requests, at)
  local log = at.dir .. '/stderr'
  local words = clients.words(client, workload, in_flight, requests, at)
  local pipe = assert(io.popen(clients.command(words, log)))
  local output = pipe:read '*a'
  pipe:close()
  local line, status = output:match '^(%b{})\n?status (%d+)\n$'
  local sample = {}
  for name, value in (line or ''):gmatch '"([%w_]+)":([%d.eE+-]+)' do
    sample[name] = tonumber(value)
  end
  if status ~= '0' or sample.failed ~= 0 or sample.bytes ~= requests * workload.size then
    local file = io.open(log)
    error(('%s failed:\n%s\n%s%s'):format(client.name, quoted(words), output,
      file and file:read '*a' or ''), 0)
  end
  return sample
end

return clients
