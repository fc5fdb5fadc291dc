-- luvcurl as a client of the bench (README.md):
--
--     luajit bench/luvcurl.lua --style callbacks|coroutines|stream --url … --requests … …

local curl = require 'luvcurl'
local uv = require 'luv'

local JSON = '{"text":"' .. ('x'):rep(1013) .. '"}'

---@class bench.Options
---@field style 'callbacks'|'coroutines'|'stream'
---@field url string
---@field requests integer
---@field in_flight integer
---@field workload string
---@field http2 boolean|nil
---@field cacert string|nil
---@field file string|nil
---@field turn_budget integer|nil  ms

---@param status integer
---@param why string
local function leave(status, why)
  io.stderr:write(why, '\n')
  os.exit(status)
end

---@param argv string[]
---@return bench.Options
local function parse(argv)
  local known = { style = true, url = true, requests = true, ['in-flight'] = true, workload = true,
    cacert = true, file = true, ['turn-budget'] = true }
  local options, i = { workload = 'get' }, 1
  while argv[i] do
    local name = argv[i]:match '^%-%-(.*)$'
    if name == 'http2' then
      options.http2 = true
      i = i + 1
    elseif known[name] and argv[i + 1] then
      local key = name:gsub('-', '_')
      options[key] = tonumber(argv[i + 1]) or argv[i + 1]
      i = i + 2
    else
      leave(2, 'cannot use ' .. argv[i])
    end
  end
  return options
end

local options = parse(arg)

-- The measurement ------------------------------------------------------------------------------

local left, running = math.min(options.requests, options.in_flight), 0
local warm, finished = false, false
local failed, bytes, expected = 0, 0, nil
local began, ended

local function clocks()
  local usage = uv.getrusage()
  local function seconds(time)
    return time.sec + time.usec / 1e6
  end
  return { wall = uv.hrtime() / 1e9, user = seconds(usage.utime), system = seconds(usage.stime) }
end

local function peak_memory()
  local file = assert(io.open '/proc/self/status')
  local peak = file:read '*a':match 'VmHWM:%s*(%d+)'
  file:close()
  return tonumber(peak)
end

--- Whether another request is to be started; then it counts as started.
local function next_one()
  if left == 0 or running == options.in_flight then
    return false
  end
  left, running = left - 1, running + 1
  return true
end

local start -- starts as many workers as requests are to be in flight

local function phase_over()
  if warm then
    ended, finished = clocks(), true
    return
  end
  warm, left, failed, bytes = true, options.requests, 0, 0
  began = clocks()
  start()
end

--- A request ended.
---@param err luvcurl.Error|nil
---@param status integer|nil
---@param length integer|nil  of the body
local function done(err, status, length)
  running = running - 1
  if err or status < 200 or status > 299 or length ~= (expected or length) then
    if failed == 0 then
      io.stderr:write(('failed: %s, status %s, %s bytes\n'):format(tostring(err), status, length))
    end
    failed = failed + 1
  end
  if not err then
    expected = expected or length
    bytes = bytes + length
  end
  if running == 0 and left == 0 then
    phase_over()
  end
end

-- The requests ---------------------------------------------------------------------------------

local workload, file = options.workload, options.file

-- What all requests share is a session's; without that they go out plainly.
local session = curl.session {
  turn_budget = options.turn_budget,
  http_version = options.http2 and '2tls' or nil,
  tls = options.cacert and { ca_file = options.cacert } or nil,
}
local multi = session.multi
local is_plain = not options.cacert and not options.http2
local api = is_plain and curl or session

-- A GET is its URL, as most are.
local request = options.url
local upload_size
if workload == 'post-json' then
  request = { url = request, method = 'POST', body = JSON,
    headers = { ['content-type'] = 'application/json' } }
elseif workload == 'up-file' then
  request = { url = request, method = 'PUT', body = { file = file } }
  upload_size = assert(uv.fs_stat(file)).size
end

local function add(given, on_done)
  if is_plain then
    return multi:add(given, on_done)
  end
  return session.request(given, on_done)
end

local function length_of(res)
  return upload_size or #res.body
end

-- One function for each style and workload that keeps one request in flight until none is left.
local workers = { callbacks = {}, coroutines = {}, stream = {} }

function workers.callbacks.get()
  local function on_done(err, res)
    done(err, res and res.status, res and length_of(res))
    if next_one() then
      add(request, on_done)
    end
  end
  if next_one() then
    add(request, on_done)
  end
end

workers.callbacks['post-json'] = workers.callbacks.get
workers.callbacks['up-file'] = workers.callbacks.get

workers.callbacks['down-chunks'] = function()
  local length = 0
  local own = { url = request, on_data = function(chunk)
    length = length + #chunk
  end }
  local function on_done(err, res)
    done(err, res and res.status, length)
    length = 0
    if next_one() then
      add(own, on_done)
    end
  end
  if next_one() then
    add(own, on_done)
  end
end

--- `exchange` waits: it returns the status and the length of the body, or nil and the error.
local function in_coroutine(exchange)
  return coroutine.wrap(function()
    while next_one() do
      local status, length = exchange()
      done(not status and length or nil, status, length)
    end
  end)
end

local function whole()
  local res, err = api.request(request)
  if not res then
    return nil, err
  end
  return res.status, length_of(res)
end

local function get_whole()
  local res, err = api.get(request)
  if not res then
    return nil, err
  end
  return res.status, #res.body
end

function workers.coroutines.get()
  in_coroutine(get_whole)()
end

local function in_whole()
  in_coroutine(whole)()
end

workers.coroutines['post-json'] = in_whole
workers.coroutines['up-file'] = in_whole

workers.coroutines['down-file'] = function()
  in_coroutine(function()
    local res, err = api.download(request, file)
    if not res then
      return nil, err
    end
    return res.status, res.bytes
  end)()
end

function workers.stream.get()
  in_coroutine(function()
    local res, err = api.stream(request)
    if not res then
      return nil, err
    end
    local body, why = res:text()
    if not body then
      return nil, why
    end
    return res.status, #body
  end)()
end

local function chunks()
  in_coroutine(function()
    local res, err = api.stream(request)
    if not res then
      return nil, err
    end
    -- not res:chunks(), through which Lua 5.1 cannot yield
    local length = 0
    local chunk, why = res:read()
    while chunk do
      length = length + #chunk
      chunk, why = res:read()
    end
    if why then
      return nil, why
    end
    return res.status, length
  end)()
end

workers.stream['down-chunks'] = chunks

function workers.stream.down()
  in_coroutine(function()
    local res, err = api.stream(request)
    if not res then
      return nil, err
    end
    local length, why = res:discard()
    if not length then
      return nil, why
    end
    return res.status, length
  end)()
end

local work = (workers[options.style] or leave(2, '--style callbacks|coroutines|stream'))[workload]
if not work then
  leave(3, ('no workload %s with %s'):format(workload, options.style))
end

function start()
  for _ = 1, options.in_flight do
    work()
  end
end

start()
while not finished do
  uv.run 'once'
end
io.stdout:write(('{"requests":%d,"failed":%d,"seconds":%.6f,"user":%.6f,"system":%.6f,'
  .. '"max_rss_kb":%d,"bytes":%.0f}\n'):format(options.requests, failed, ended.wall - began.wall,
  ended.user - began.user, ended.system - began.system, peak_memory(), bytes))
io.stdout:flush()
os.exit(0, false)
