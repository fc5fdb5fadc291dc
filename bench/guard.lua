-- The regression guard (README.md): what one of luvcurl's requests costs in instructions and system
-- calls, against the figures in bench/guard.json, and against the limits that always hold.
--
--     luajit bench/guard.lua [--update]          (make bench-guard, make bench-guard UPDATE=1)
--
-- Only what has grown fails. Figures of other versions of libcurl, libc or LuaJIT differ by more
-- than any change of ours: they are told apart by the versions in the file.

package.path = './?.lua;' .. package.path

local uv = require 'luv'
local clients = require 'bench.support.clients'
local counts = require 'bench.support.counts'
local json = require 'bench.support.json'
local machine = require 'bench.support.machine'
local process = require 'spec.support.process'
local server = require 'bench.support.server'

local FILE = 'bench/guard.json'
local TOLERANCE = 0.03
-- Of a count per request that is nearly zero, 3 % say nothing.
local SLACK = 0.05

local STYLES = { 'callbacks', 'coroutines' }

-- Per request, at 64 in flight. The C library takes memory and gives it back irregularly.
local LIMITS = { sendto = 1.01, recvfrom = 1.01, poll = 2.05, epoll_ctl = 0.05, epoll_wait = 0.2,
  brk = 1, mmap = 0.01, munmap = 0.01, mprotect = 0.01, madvise = 0.01 }
local OTHERS = 0.002
local GETENV = 0.01 -- proxies are looked at again every second
local STRIPPED = 400 * 1024

local function client_of(style)
  for _, client in ipairs(clients.own) do
    if client.name == 'luvcurl-' .. style then
      return client
    end
  end
end

--- All figures, by a name each.
---@param at bench.Server
---@return table<string, number>
local function measure(at)
  local figures = {}
  for _, style in ipairs(STYLES) do
    local client = client_of(style)
    for name, count in pairs(counts.system_calls(client, at)) do
      figures[style .. ' ' .. name] = count
    end
    local made = counts.instructions(client, at)
    figures[style .. ' instructions'] = made.instructions
    figures[style .. ' getenv'] = made.getenv
  end
  figures['require instructions'] = counts.require_instructions(at)
  figures['stripped bytes'] = counts.stripped_size(clients.BUILD, at)
  return figures
end

local function limit_of(name)
  local call = name:match ' (.*)$'
  if name == 'stripped bytes' then
    return STRIPPED
  elseif call == 'instructions' then
    return math.huge
  elseif call == 'getenv' then
    return GETENV
  end
  return LIMITS[call] or OTHERS
end

local function shown(value)
  return value and (value >= 100 and '%.0f' or '%.4f'):format(value) or '-'
end

--- Prints the figures, the broken ones marked.
-- What is wrong with a figure, or nil; and whether that is a failure.
local function verdict(name, now, before)
  if now > limit_of(name) then
    return ('FAILED: the limit is %s'):format(shown(limit_of(name))), true
  elseif not before or name:find ' brk$' then
    return nil, false
  elseif now > before * (1 + TOLERANCE) + (before < 1 and SLACK or 0) then
    return 'FAILED: has grown by more than 3 %', true
  elseif before > 1 and now < before * (1 - TOLERANCE) then
    return 'better: make bench-guard UPDATE=1 keeps it so', false
  end
  return nil, false
end

-- Those worth a line, in order.
local function names_of(figures, kept)
  local names = {}
  for name, value in pairs(figures) do
    if value > 0.0005 or kept[name] then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return names
end

--- Prints the figures, the broken ones marked.
---@param figures table<string, number>
---@param kept table<string, number>
---@return integer broken
local function compare(figures, kept)
  local broken = 0
  print(('%-28s %12s %12s %9s'):format('per request, 64 in flight', 'committed', 'now', 'change'))
  for _, name in ipairs(names_of(figures, kept)) do
    local now, before = figures[name], kept[name]
    local remark, failed = verdict(name, now, before)
    local change = before and before > 1 and ('%+.1f %%'):format((now / before - 1) * 100) or ''
    print(('%-28s %12s %12s %9s  %s'):format(name, shown(before), shown(now), change, remark or ''))
    broken = broken + (failed and 1 or 0)
  end
  return broken
end

local function read_kept()
  local kept, text = {}, process.read_file(FILE)
  for name, value in text:gmatch '"([^"\n]+)": ([%d.e+-]+)' do
    kept[name] = tonumber(value)
  end
  return kept, text:match '"versions": "([^"]*)"'
end

local function write(figures)
  local rounded = {}
  for name, value in pairs(figures) do
    if value > 0.0005 then
      rounded[name] = tonumber(('%.4g'):format(value))
    end
  end
  process.write_file(FILE, json.encode { versions = machine.versions(), figures = rounded } .. '\n')
  print('written to ' .. FILE)
end

local function main()
  local update = arg[1] == '--update'
  local at = server.start()
  local ok, result = pcall(measure, at)
  at.stop()
  assert(ok, result)
  local kept, versions = read_kept()
  local broken = compare(result, update and {} or kept)
  if versions and versions ~= machine.versions() then
    print(('the committed figures are of %s, these of %s'):format(versions, machine.versions()))
  end
  if update then
    write(result)
  elseif not versions then
    print('there is no ' .. FILE .. ': make bench-guard UPDATE=1 makes it')
    broken = broken + 1
  end
  if broken > 0 then
    print(('bench-guard: %d figures are worse than they may be'):format(broken))
    os.exit(1)
  end
  print('bench-guard: kept')
end

local co = coroutine.create(main)
local ok, problem = coroutine.resume(co)
-- A failure after the first wait is raised in the loop below, and ends the process too.
if not ok then
  error(problem, 0)
end
uv.run()
