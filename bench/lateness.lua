-- How late a 1 ms timer of the same loop is at its worst: while a gigabyte goes through the loop,
-- each way, and when a thousand transfers start or end at once. The aim is under 10 ms. The bench
-- starts it (`make bench ONLY=lateness`):
--
--     luajit bench/lateness.lua URL SOURCE FOLDER
--
-- with a server, a file of a gigabyte and a folder to write into. It prints a line for each case:
-- what was measured, seconds, the worst lateness and its 99th percentile, both in ms.

local curl = require 'luvcurl'
local uv = require 'luv'

local base, source, folder = arg[1], arg[2], arg[3]

local GIGABYTE = 2 ^ 30
local BLOCK = ('x'):rep(256 * 1024)
local BURST = 1000

local lateness, previous

--- From here on the timer counts.
local function watch()
  lateness, previous = {}, uv.hrtime()
end

local function tell(name, seconds)
  table.sort(lateness)
  print(('%s: %.3f %.2f %.2f'):format(name, seconds, lateness[#lateness],
    lateness[math.ceil(#lateness * 0.99)]))
end

local timer = uv.new_timer()
timer:start(1, 1, function()
  local now = uv.hrtime()
  lateness[#lateness + 1] = (now - previous) / 1e6 - 1
  previous = now
end)

--- Runs the loop until `work`, in a coroutine, has ended.
---@param work fun()
local function finish(work)
  local co = coroutine.create(work)
  watch()
  local ok, problem = coroutine.resume(co)
  while ok and coroutine.status(co) ~= 'dead' do
    uv.run 'once'
  end
  assert(ok, problem)
end

---@param name string
---@param work fun()
local function measured(name, work)
  local began = uv.hrtime()
  finish(work)
  tell(name, (uv.hrtime() - began) / 1e9)
end

measured('1 GiB down, in chunks', function()
  local res, size = assert(curl.stream(base .. '/1g')), 0
  local chunk = res:read()
  while chunk do
    size = size + #chunk
    chunk = res:read()
  end
  assert(size == GIGABYTE)
end)

measured('1 GiB down, to a file', function()
  assert(curl.download(base .. '/1g', folder .. '/lateness'))
end)
uv.fs_unlink(folder .. '/lateness') -- which takes long

measured('1 GiB up, from a function', function()
  local left = GIGABYTE / #BLOCK
  local res = assert(curl.put(base .. '/sink', { body = function()
    left = left - 1
    return left >= 0 and BLOCK or nil
  end }))
  assert(res.ok)
end)

measured('1 GiB up, from a file', function()
  assert(assert(curl.put(base .. '/sink', { body = { file = source } })).ok)
end)

--- A thousand requests at once; `started()` once all were given to luvcurl, `answered()` for each.
local function burst(path, started)
  local waiting, co = BURST, coroutine.running()
  for _ = 1, BURST do
    curl.get(base .. path, function(err, res)
      assert(res, tostring(err))
      waiting = waiting - 1
      if waiting == 0 then
        assert(coroutine.resume(co))
      end
    end)
  end
  started()
  coroutine.yield()
end

-- Their connections, which are not what is measured.
finish(function()
  burst('/12', function() end)
end)

-- The script's own work, which gives luvcurl a thousand requests, is not luvcurl's lateness.
local began
finish(function()
  burst('/12', function()
    began = uv.hrtime()
    watch()
  end)
end)
tell('1000 transfers start and end', (uv.hrtime() - began) / 1e9)

-- Here the answers end together, a second after the requests, when nothing else goes on.
finish(function()
  burst('/burst', function()
    local wait = uv.new_timer()
    wait:start(500, 0, function()
      wait:close()
      began = uv.hrtime()
      watch()
    end)
  end)
end)
tell('1000 transfers end in a burst', (uv.hrtime() - began) / 1e9)
os.exit(0, false)
