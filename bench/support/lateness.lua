-- Runs bench/lateness.lua in rounds.

local clients = require 'bench.support.clients'
local process = require 'spec.support.process'
local statistics = require 'bench.support.statistics'

local lateness = {}

---@class bench.Lateness
---@field case string
---@field seconds number
---@field worst_ms number    medians over the rounds
---@field p99_ms number

local function once(at, cases, order)
  local log = at.dir .. '/stderr'
  local pipe = assert(io.popen(clients.command({ 'luajit', 'bench/lateness.lua', at.url 'http',
    at.source, at.dir }, log)))
  local output = pipe:read '*a'
  pipe:close()
  if not output:find 'status 0\n$' then
    error('lateness: ' .. output .. process.read_file(log), 0)
  end
  for name, seconds, worst, p99 in output:gmatch '([^\n]+): ([%d.]+) (%S+) (%S+)\n' do
    if not cases[name] then
      cases[name] = { seconds = {}, worst = {}, p99 = {} }
      order[#order + 1] = name
    end
    local case = cases[name]
    case.seconds[#case.seconds + 1] = tonumber(seconds)
    case.worst[#case.worst + 1] = tonumber(worst)
    case.p99[#case.p99 + 1] = tonumber(p99)
  end
end

--- Measures, and prints the table.
---@param at bench.Server
---@param rounds integer
---@return bench.Lateness[]
function lateness.measure(at, rounds)
  local cases, order, result = {}, {}, {}
  for _ = 1, rounds do
    once(at, cases, order)
  end
  print(('\n%-34s %10s %10s %10s'):format('A 1 ms timer of the same loop', 'seconds', 'worst ms',
    '99 % ms'))
  for i, name in ipairs(order) do
    local case = cases[name]
    result[i] = { case = name, seconds = statistics.median(case.seconds),
      worst_ms = statistics.median(case.worst), p99_ms = statistics.median(case.p99) }
    print(('  %-32s %10.2f %10.2f %10.2f'):format(name, result[i].seconds, result[i].worst_ms,
      result[i].p99_ms))
  end
  return result
end

return lateness
