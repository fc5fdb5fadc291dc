-- What luvcurl is to reach, as ratios of medians or of paired runs: each target with what was
-- measured of it. A target whose clients were not in the run says so.

local statistics = require 'bench.support.statistics'

local targets = {}

local CALLBACKS, COROUTINES = 'luvcurl-callbacks', 'luvcurl-coroutines'

--- The rows of a run, to be asked by name.
---@param rows bench.Row[]
---@return fun(workload: string, in_flight: integer, client: string): bench.Row|nil
local function index(rows)
  local by_name = {}
  for _, row in ipairs(rows) do
    by_name[row.workload .. ' ' .. row.in_flight .. ' ' .. row.client] = row
  end
  return function(workload, in_flight, client)
    return by_name[workload .. ' ' .. in_flight .. ' ' .. client]
  end
end

-- A target is { text, at least, value() } or { text, at most, value(), 'most' }.
local function speed_targets(ratio)
  local list = {}
  local function least(limit, client, other, workload, in_flight, note)
    list[#list + 1] = {
      ('%s %d: %s >= %.2f x %s%s'):format(workload, in_flight, client, limit, other, note or ''),
      limit, ratio(workload, in_flight, client, other),
    }
  end
  for _, in_flight in ipairs { 16, 64, 256 } do
    least(1.6, CALLBACKS, 'textbook', 'get12', in_flight)
    least(0.95, CALLBACKS, 'best', 'get12', in_flight)
    least(1.5, COROUTINES, 'textbook', 'get12', in_flight)
  end
  least(1.0, CALLBACKS, 'textbook', 'get12', 1)
  least(0.97, CALLBACKS, 'luvcurl-unbounded', 'get12', 1000, ' (what the budget costs)')
  for in_flight, limit in pairs { [64] = 1.1, [1000] = 1.1, [4000] = 1.0 } do
    least(limit, CALLBACKS, 'luvit-coro-http', 'get12', in_flight)
    least(limit, 'luvit-luvcurl-callbacks', 'luvit-coro-http', 'get12', in_flight)
  end
  for peer, limit in pairs { ['lua-http'] = 1.5, pycurl = 1.5, undici = 2, aiohttp = 5, fetch = 5,
    ['luvit-http'] = 5 } do
    least(limit, CALLBACKS, peer, 'get12', 64)
  end
  least(0.95, CALLBACKS, 'best', 'h2', 100)
  least(0.95, 'luvcurl-stream', 'best', 'down', 1)
  least(0.95, COROUTINES, 'curl-tool', 'down-file', 1)
  least(0.85, 'luvcurl-stream', 'best', 'down-chunks', 1)
  return list
end

local function scaling_targets(find)
  local few, many = find('get12', 64, CALLBACKS), find('get12', 9000, CALLBACKS)
  local text_few, text_many = find('get12', 64, 'textbook'), find('get12', 9000, 'textbook')
  local function each(low, high)
    return low and high and (high.peak_kb - low.peak_kb) / (9000 - 64)
  end
  local own, other = each(few, many), each(text_few, text_many)
  return {
    { 'CPU per request at 9000 in flight <= 2.0 x that at 64', 2.0,
      few and many and many.cpu_us / few.cpu_us, 'most' },
    { 'KB per transfer in flight <= 2 more than textbook', 2.0, own and other and own - other,
      'most' },
  }
end

local function fairness_targets(lateness)
  local list = {}
  for _, case in ipairs(lateness or {}) do
    list[#list + 1] = { case.case .. ': a 1 ms timer late by < 10 ms', 10, case.worst_ms, 'most' }
  end
  return list
end

local function key_targets(keys)
  local list = {}
  for _, case in ipairs(keys or {}) do
    list[#list + 1] = { 'a key in Neovim, ' .. case.case .. ': <= 10 ms (median)', 10,
      case.median_ms, 'most' }
  end
  return list
end

--- All targets with what became of them.
---@param rows bench.Row[]
---@param lateness bench.Lateness[]|nil
---@param keys bench.Keys[]|nil
---@return { text: string, limit: number, value: number|nil, met: boolean|nil }[]
function targets.judge(rows, lateness, keys)
  local find = index(rows)
  local function ratio(workload, in_flight, client, other)
    local own, theirs = find(workload, in_flight, client), find(workload, in_flight, other)
    return own and theirs and statistics.ratio(own.samples, theirs.samples)
  end
  local result = {}
  for _, list in ipairs { speed_targets(ratio), scaling_targets(find),
    fairness_targets(lateness), key_targets(keys) } do
    for _, target in ipairs(list) do
      local value, limit = target[3] or nil, target[2]
      local met
      if value then
        met = target[4] and value <= limit or not target[4] and value >= limit
      end
      result[#result + 1] = { text = target[1], limit = limit, value = value, met = met }
    end
  end
  return result
end

return targets
