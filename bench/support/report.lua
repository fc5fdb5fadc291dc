-- What a run prints and writes.

local uv = require 'luv'
local json = require 'bench.support.json'
local machine = require 'bench.support.machine'
local picture = require 'bench.support.picture'
local process = require 'spec.support.process'
local targets = require 'bench.support.targets'

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

local function print_targets(list)
  print '\nTargets'
  for _, target in ipairs(list) do
    if target.value then
      local verdict = target.met and 'met' or 'MISSED'
      print(('  %-7s %8.2f  %s'):format(verdict, target.value, target.text))
    end
  end
end

---@class bench.Results
---@field rows bench.Row[]
---@field lateness bench.Lateness[]|nil
---@field keys bench.Keys[]|nil
---@field per_request table[]|nil
---@field missing { name: string, needs: string }[]

--- After all: what was missing, the targets, and the files.
---@param choice bench.Choice
---@param results bench.Results
function report.finish(choice, results)
  local judged = targets.judge(results.rows, results.lateness, results.keys)
  print_targets(judged)
  if #results.missing > 0 then
    print '\nNot measured, since they are missing'
  end
  for _, peer in ipairs(results.missing) do
    print(('  %-24s needs %s'):format(peer.name, peer.needs))
  end
  if not choice.output then
    return
  end
  for _, row in ipairs(results.rows) do
    row.samples = nil
  end
  local facts = machine.facts()
  uv.fs_mkdir(choice.output:match '^(.*)/' or '.', 493) -- it may be there
  process.write_file(choice.output, json.encode {
    machine = facts, rounds = choice.rounds, rows = results.rows, lateness = results.lateness,
    keys = results.keys, per_request = results.per_request, missing = results.missing,
    targets = judged,
  } .. '\n')
  picture.draw(choice.output:gsub('%.json$', '') .. '.svg', results.rows, facts)
end

return report
