-- What a run prints and writes.

local json = require 'bench.support.json'

local report = {}

local function number(value, shape)
  return value and value > 0 and shape:format(value) or '-'
end

--- Prints the table of one point.
---@param workload bench.Workload
---@param in_flight integer
---@param rows bench.Row[]
function report.point(workload, in_flight, rows)
  print(('\n%s, %d in flight'):format(workload.title, in_flight))
  local is_large = workload.size >= 2 ^ 20
  print(('  %-24s %10s %12s %9s %9s %9s'):format('', is_large and 'MB/s' or 'requests/s',
    is_large and 'CPU ms' or 'CPU us', 'peak MB', '/textbook', '/best'))
  for _, row in ipairs(rows) do
    print(('  %-24s %10s %12s %9s %9s %9s'):format(row.client,
      number(row.requests_per_second * (is_large and workload.size / 1e6 or 1), '%.0f'),
      number(row.cpu_us / (is_large and 1e3 or 1), '%.1f'), number(row.peak_kb / 1024, '%.1f'),
      number(row.to_textbook, '%.2f'), number(row.to_best, '%.2f')))
  end
  io.stdout:flush()
end

--- After all: what was missing, the targets, and the file.
---@param choice bench.Choice
---@param rows bench.Row[]
---@param _ bench.Client[]
---@param missing { name: string, needs: string }[]
function report.finish(choice, rows, _, missing)
  for _, peer in ipairs(missing) do
    print(('missing: %s (%s)'):format(peer.name, peer.needs))
  end
  if choice.output then
    local file = assert(io.open(choice.output, 'w'))
    for _, row in ipairs(rows) do
      row.samples = nil
    end
    file:write(json.encode { rows = rows, missing = missing }, '\n')
    file:close()
  end
end

return report
