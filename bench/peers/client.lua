-- What the clients in Lua share: their command line, the check of each answer, and the measurement.
-- A client gives `client.measure` a function that keeps so many requests in flight until so many
-- are done. It needs LuaJIT's ffi, which luvit has too.

local ffi = require 'ffi'

ffi.cdef [[
  struct client_timeval { long seconds, microseconds; };
  struct client_rusage { struct client_timeval user, system; long others[14]; };
  struct client_timespec { long seconds, nanoseconds; };
  struct client_rlimit { unsigned long soft, hard; };
  int getrusage(int who, struct client_rusage *usage);
  int clock_gettime(int clock, struct client_timespec *time);
  int getrlimit(int resource, struct client_rlimit *limit);
  int setrlimit(int resource, const struct client_rlimit *limit);
]]

local CLOCK_MONOTONIC, RUSAGE_SELF, RLIMIT_NOFILE = 1, 0, 7

local client = {}

--- What `post-json` sends: 1024 bytes.
client.JSON = '{"text":"' .. ('x'):rep(1013) .. '"}'

--- Ends the process as the bench expects of a client that cannot do what is asked.
---@param reason string
function client.unsupported(reason)
  io.stderr:write(reason, '\n')
  os.exit(3)
end

---@class ClientOptions
---@field url string
---@field requests integer
---@field in_flight integer
---@field workload 'get'|'down'|'post-json'
---@field http2 boolean
---@field cacert string?

local NUMBERS = { ['--requests'] = 'requests', ['--in-flight'] = 'in_flight' }
local TEXTS = { ['--url'] = 'url', ['--workload'] = 'workload', ['--cacert'] = 'cacert' }

-- Raises an error on an unknown or lacking argument.
---@param argv string[]
---@return ClientOptions
local function parse(argv)
  local options, i = { workload = 'get', http2 = false }, 1
  while argv[i] do
    local name, value = argv[i], argv[i + 1]
    if name == '--http2' then
      options.http2 = true
      i = i + 1
    else
      local key = NUMBERS[name] or TEXTS[name] or error('unknown argument ' .. name, 0)
      options[key] = NUMBERS[name] and assert(tonumber(value), name) or assert(value, name)
      i = i + 2
    end
  end
  assert(options.url and options.requests and options.in_flight,
    '--url, --requests and --in-flight are needed')
  return options
end

--- The command line; ends the process with 3 where it asks for what the client cannot do, and with
--- the version printed after --version.
---@param argv string[]
---@param version string  of what is measured
---@param can table<string, boolean> workloads other than `get`, `http2` and `tls`
---@return ClientOptions
function client.options(argv, version, can)
  if argv[1] == '--version' then
    io.stdout:write(version, ', ', jit.version, '\n')
    io.stdout:flush()
    os.exit(0)
  end
  local options = parse(argv)
  if options.workload ~= 'get' and not can[options.workload] then
    client.unsupported('no workload ' .. options.workload)
  elseif options.http2 and not can.http2 then
    client.unsupported('no HTTP/2')
  elseif options.url:find '^https:' and not can.tls then
    client.unsupported('no TLS')
  end
  return options
end

--- The command line in luvit, where the script's name comes second.
---@param args string[] luvit's global
---@return string[]
function client.luvit_arguments(args)
  local argv = {}
  for i = 2, #args do
    argv[#argv + 1] = args[i]
  end
  return argv
end

---@param what string
---@return string  that in luvit, with the versions of its luvi and libuv
function client.luvit_version(what)
  return ('%s in luvi %s, libuv %s'):format(what, require('luvi').version,
    require('uv').version_string())
end

--- The parts of an http or https URL.
---@param url string
---@return { scheme: string, host: string, port: integer, path: string, authority: string }
function client.parts(url)
  local scheme, authority, path = url:match '^(https?)://([^/]+)(.*)$'
  assert(scheme, 'not an http URL: ' .. url)
  local host, port = authority:match '^(.-):(%d+)$'
  return {
    scheme = scheme,
    authority = authority,
    host = host or authority,
    port = tonumber(port) or (scheme == 'https' and 443 or 80),
    path = path == '' and '/' or path,
  }
end

---@class ClientTally checks the answers of a run and says how many more to start
---@field left integer   requests not yet started
---@field running integer
---@field failed integer
---@field bytes integer  of all bodies
local Tally = {}
Tally.__index = Tally

-- The length of the first body of the process, which all others must have too.
local expected

--- Claims the next request.
---@return boolean claimed  false where none is left to start
function Tally:start()
  if self.left == 0 then
    return false
  end
  self.left = self.left - 1
  self.running = self.running + 1
  return true
end

--- Records how a request ended. The first failure is told on stderr.
---@param status integer?  nil where there was no answer
---@param length integer?  of the body, bytes
---@param why string?      where there was no answer
---@return boolean last  whether all requests are done now
function Tally:done(status, length, why)
  self.running = self.running - 1
  if status == 200 then
    expected = expected or length
    self.bytes = self.bytes + length
  end
  if status ~= 200 or length ~= expected then
    if self.failed == 0 then
      io.stderr:write(('failed: status %s, %s bytes, %s\n'):format(status, length, why))
    end
    self.failed = self.failed + 1
  end
  return self.running == 0 and self.left == 0
end

local function tally(requests)
  return setmetatable({ left = requests, running = 0, failed = 0, bytes = 0 }, Tally)
end

---@return number wall
---@return number user
---@return number system  all in seconds
local function clocks()
  local time, usage = ffi.new('struct client_timespec'), ffi.new('struct client_rusage')
  ffi.C.clock_gettime(CLOCK_MONOTONIC, time)
  ffi.C.getrusage(RUSAGE_SELF, usage)
  local function seconds(value)
    return tonumber(value.seconds) + tonumber(value.microseconds) / 1e6
  end
  return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9,
    seconds(usage.user), seconds(usage.system)
end

-- Of this program: getrusage's figure would count what ran in the process before exec.
---@return integer kilobytes
local function peak_memory()
  local file = assert(io.open '/proc/self/status')
  local peak = file:read '*a':match 'VmHWM:%s*(%d+)'
  file:close()
  return tonumber(peak)
end

local function raise_file_limit()
  local limit = ffi.new('struct client_rlimit')
  ffi.C.getrlimit(RLIMIT_NOFILE, limit)
  limit.soft = limit.hard
  ffi.C.setrlimit(RLIMIT_NOFILE, limit)
end

--- Warms up, measures, prints the result and ends the process.
---@param options ClientOptions
---@param run fun(tally: ClientTally, in_flight: integer, finished: fun()) keeps `in_flight`
---  requests in flight until none of the tally is left, then calls `finished`
function client.measure(options, run)
  raise_file_limit()
  local n, k = options.requests, options.in_flight
  run(tally(math.min(n, k)), k, function()
    local measured = tally(n)
    local wall, user, system = clocks()
    run(measured, k, function()
      local wall_end, user_end, system_end = clocks()
      io.stdout:write(('{"requests":%d,"failed":%d,"seconds":%.6f,"user":%.6f,"system":%.6f,'
        .. '"max_rss_kb":%d,"bytes":%.0f}\n'):format(n, measured.failed, wall_end - wall,
        user_end - user, system_end - system, peak_memory(), measured.bytes))
      io.stdout:flush()
      os.exit(0)
    end)
  end)
end

return client
