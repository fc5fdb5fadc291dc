-- The second table: what a request costs in system calls and instructions, beside C++, and what
-- loading the module costs.

local clients = require 'bench.support.clients'
local counts = require 'bench.support.counts'

local costs = {}

local CALLS = { 'sendto', 'recvfrom', 'poll', 'epoll_ctl', 'epoll_wait', 'brk',
  'rt_sigaction' }
local MEASURED = { textbook = true, best = true, ['luvcurl-callbacks'] = true,
  ['luvcurl-coroutines'] = true }

local function measure_one(client, at)
  local calls, all = counts.system_calls(client, at), 0
  for _, count in pairs(calls) do
    all = all + count
  end
  local made = counts.instructions(client, at)
  local row = { client = client.name, system_calls = all, instructions = made.instructions,
    getenv = made.getenv }
  for _, call in ipairs(CALLS) do
    row[call] = calls[call] or 0
  end
  return row
end

--- Measures, and prints the table.
---@param at bench.Server
---@return table[]
function costs.measure(at)
  print('\nPer request, 64 in flight')
  local head = ('  %-20s %12s %8s %8s'):format('', 'instructions', 'getenv', 'calls')
  for _, call in ipairs(CALLS) do
    head = head .. (' %12s'):format(call)
  end
  print(head)
  local rows = {}
  for _, client in ipairs(clients.own) do
    if MEASURED[client.name] then
      local row = measure_one(client, at)
      local line = ('  %-20s %12.0f %8.2f %8.2f'):format(row.client, row.instructions, row.getenv,
        row.system_calls)
      for _, call in ipairs(CALLS) do
        line = line .. (' %12.3f'):format(row[call])
      end
      print(line)
      rows[#rows + 1] = row
    end
  end
  local ms, bytes = counts.require_ms(at), counts.stripped_size(clients.BUILD, at)
  print(("  require 'luvcurl' beyond libcurl and luv: %.1f ms (at most 5); stripped: %.0f KB "
    .. '(at most 400)'):format(ms, bytes / 1024))
  rows[#rows + 1] = { client = 'require luvcurl', ms = ms, stripped_bytes = bytes }
  return rows
end

return costs
