-- How late a 1 ms timer of the same loop is while a gigabyte goes through it, each way; and how
-- fast that is:
--
--     luajit bench/lateness.lua          (make bench starts it with the paths set)
--
-- The aim is under 10 ms at the worst. The server (nginx, from the specs' supervisor) shares the
-- machine: a figure counts only where there is a core to spare. `busy` does not depend on that: the
-- most processor time that the loop's thread has spent between two ticks of the timer. The files
-- are in memory where that can be: a disk that cannot keep up holds everybody.

local curl = require 'luvcurl'
local ffi = require 'ffi'
local uv = require 'luv'

ffi.cdef [[
  typedef struct { long seconds, nanoseconds; } luvcurl_time;
  int clock_gettime(int clock, luvcurl_time *time);
]]

local CLOCK_THREAD_CPUTIME_ID = 3
local time = ffi.new('luvcurl_time')

-- Processor time of this thread, in ms.
local function busy()
  ffi.C.clock_gettime(CLOCK_THREAD_CPUTIME_ID, time)
  return tonumber(time.seconds) * 1e3 + tonumber(time.nanoseconds) / 1e6
end

local GIGABYTE = 2 ^ 30
local BLOCK = ('x'):rep(256 * 1024)

-- Runs `work` in a coroutine with the loop until it is done, and measures the timer meanwhile.
---@param work fun(): any
---@return number seconds
---@return number latest  ms
---@return number typical ms, the 99th percentile
---@return number busiest ms of processor time between two ticks
local function measured(work)
  local lateness, previous = {}, uv.hrtime()
  local busiest, before = 0, busy()
  local timer = uv.new_timer()
  timer:start(1, 1, function()
    local now = uv.hrtime()
    lateness[#lateness + 1] = (now - previous) / 1e6 - 1
    previous = now
    local spent = busy()
    busiest, before = math.max(busiest, spent - before), spent
  end)
  local began, ended = uv.hrtime(), nil
  local co = coroutine.create(function()
    work()
    ended = uv.hrtime()
    timer:close()
  end)
  assert(coroutine.resume(co))
  while not ended do
    uv.run('once')
  end
  table.sort(lateness)
  return (ended - began) / 1e9, lateness[#lateness], lateness[math.ceil(#lateness * 0.99)],
    busiest
end

---@param servers table
local function cases(servers)
  local base, folder = servers.nginx.url, servers.dir
  local big, put = base .. '/1g', base .. '/dav/bench'
  local sparse = folder .. '/sparse'
  local fd = assert(uv.fs_open(sparse, 'w', 420))
  assert(uv.fs_ftruncate(fd, GIGABYTE))
  uv.fs_close(fd)
  local function drop(path)
    uv.fs_unlink(path)
  end
  return {
    { 'down, in chunks', function()
      local size = 0
      for chunk in assert(curl.stream(big)):chunks() do
        size = size + #chunk
      end
      assert(size == GIGABYTE)
    end },
    { 'down, to a file', function()
      assert(curl.download(big, folder .. '/down'))
      drop(folder .. '/down')
    end },
    { 'up, from a function', function()
      local left = GIGABYTE / #BLOCK
      local res = assert(curl.put(put, { body = function()
        left = left - 1
        return left >= 0 and BLOCK or nil
      end }))
      assert(res.ok)
      drop(servers.nginx.dav_dir .. '/bench')
    end },
    { 'up, from a file', function()
      assert(assert(curl.put(put, { body = { file = sparse } })).ok)
      drop(servers.nginx.dav_dir .. '/bench')
    end },
  }
end

-- The servers end with us: their input is a pipe of ours.
local input, output = uv.new_pipe(false), uv.new_pipe(false)
local text = ''
local MEMORY = '/dev/shm'
local environment = uv.fs_access(MEMORY, 'W') and { 'TMPDIR=' .. MEMORY } or {}
for name, value in pairs(uv.os_environ()) do
  if name ~= 'TMPDIR' or #environment == 0 then
    environment[#environment + 1] = name .. '=' .. value
  end
end
assert(uv.spawn('luajit', {
  args = { 'spec/support/supervisor.lua' },
  env = environment,
  stdio = { input, output, 2 },
}, function() end))
output:read_start(function(_, data)
  text = text .. (data or '')
end)
while not text:find('ready [^\n]+\n') do
  uv.run('once')
end
output:read_stop()
local servers = assert(loadfile(text:match('ready ([^\n]+)\n')))()
-- Nothing of the servers may keep our loop alive between the cases.
input:unref()

print(('%-20s %8s %12s %12s %12s'):format('1 GiB', 'MB/s', 'latest, ms', '99 %, ms', 'busy, ms'))
for _, case in ipairs(cases(servers)) do
  local seconds, latest, typical, busiest = measured(case[2])
  print(('%-20s %8.0f %12.1f %12.1f %12.1f'):format(case[1], GIGABYTE / 1e6 / seconds, latest,
    typical, busiest))
end
os.exit(0, false)
