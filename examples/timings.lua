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

local script = assert(arg[1], 'usage: timings.lua script.lua [argument...]')
local arguments = { [0] = script, [-1] = arg[-1] }
for i = 2, #arg do arguments[i - 1] = arg[i] end
arg = arguments -- luacheck: globals arg

assert(loadfile(script))((table.unpack or unpack)(arguments))
uv.run()

for _, transfer in ipairs(transfers) do
  print(timings_of(transfer))
end
