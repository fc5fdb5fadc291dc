-- Runs a script of luvcurl's and tells, when all its transfers are over, how long each took:
--
--     luajit examples/timings.lua examples/poll-libcurl.lua http://localhost:8080/

local curl = require 'luvcurl'
local uv = package.loaded.luv or package.loaded.uv or require 'luv'

local PHASES = { 'queue', 'resolve', 'connect', 'tls', 'send', 'wait', 'total' }

local transfers = {}
local add = curl.Multi.add

-- Every transfer, however it is asked for, is noted on its way.
function curl.Multi:add(...)
  local transfer = add(self, ...)
  transfers[#transfers + 1] = transfer
  return transfer
end

---@return string line milliseconds since the transfer was added, up to the end of each phase
local function timings_of(transfer)
  local times, parts = transfer:timings(), {}
  for i, phase in ipairs(PHASES) do
    parts[i] = ('%s %.1f'):format(phase, times[phase])
  end
  return ('%s %d: %s ms'):format(transfer:url(), transfer:status(), table.concat(parts, ', '))
end

local function report()
  for _, transfer in ipairs(transfers) do
    print(timings_of(transfer))
  end
end

local given = arg or { unpack(process.argv, 2) } -- luvit's
local script = assert(given[1], 'usage: timings.lua script.lua [argument...]')
local chunk = assert(loadfile(script))

if process then -- luvit runs the loop, and says when that has ended
  table.remove(process.argv, 1)
  process:on('exit', report)
  setfenv(chunk, getfenv())()
else
  local arguments = { [0] = script, [-1] = given[-1], (table.unpack or unpack)(given, 2) }
  arg = arguments -- luacheck: globals arg
  chunk((table.unpack or unpack)(arguments))
  uv.run()
  report()
end
