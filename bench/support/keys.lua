-- Runs bench/keys.lua in rounds.

local clients = require 'bench.support.clients'
local process = require 'spec.support.process'
local statistics = require 'bench.support.statistics'

local keys = {}

local KEYS = 200
local COMMAND = { 'nvim', '--headless', '-u', 'NONE', '-i', 'NONE', '-n', '-c',
  'luafile bench/keys.lua' }

---@class bench.Keys
---@field case string
---@field median_ms number       medians over the rounds
---@field p90_ms number
---@field worst_ms number
---@field per_second number      requests meanwhile

local function once(at, cases, order)
  local log = at.dir .. '/stderr'
  local words = { 'env', 'URL=' .. at.url 'http', 'KEYS=' .. KEYS }
  for _, word in ipairs(COMMAND) do
    words[#words + 1] = word
  end
  local pipe = assert(io.popen(clients.command(words, log)))
  local output = pipe:read '*a'
  pipe:close()
  if not output:find 'status 0\n$' then
    error('keys: ' .. output .. process.read_file(log), 0)
  end
  for name, figures in output:gmatch '([^\n]+): ([%d. ]+)\n' do
    if not cases[name] then
      cases[name] = { {}, {}, {}, {} }
      order[#order + 1] = name
    end
    local i = 0
    for figure in figures:gmatch '%S+' do
      i = i + 1
      table.insert(cases[name][i], tonumber(figure))
    end
  end
end

--- Measures, and prints the table.
---@param at bench.Server
---@param rounds integer
---@return bench.Keys[]
function keys.measure(at, rounds)
  local cases, order, result = {}, {}, {}
  for _ = 1, rounds do
    once(at, cases, order)
  end
  print(('\n%-34s %10s %10s %10s %11s'):format('A key in Neovim, till it is seen', 'median ms',
    '90 % ms', 'worst ms', 'requests/s'))
  for i, name in ipairs(order) do
    local figures = {}
    for n, values in ipairs(cases[name]) do
      figures[n] = statistics.median(values)
    end
    result[i] = { case = name, median_ms = figures[1], p90_ms = figures[2], worst_ms = figures[3],
      per_second = figures[4] }
    print(('  %-32s %10.2f %10.2f %10.2f %11.0f'):format(name, (table.unpack or unpack)(figures)))
  end
  return result
end

return keys
