-- The bench (README.md). `make bench` starts it, or by hand, from the project's root:
--
--     luajit bench/run.lua [--only get12,h2] [--in-flight 64,1000] [--clients best,luvcurl]
--                          [--rounds N] [--requests N] [--no-peers] [--output FILE.json]
--
-- `--clients` takes beginnings of names; `textbook` and `best` are always there. `--only` also
-- takes `lateness` (lateness.lua), `keys` (keys.lua) and `counts` (instructions and system calls
-- per request).

package.path = './?.lua;' .. package.path

local uv = require 'luv'
local clients = require 'bench.support.clients'
local costs = require 'bench.support.costs'
local keys = require 'bench.support.keys'
local lateness = require 'bench.support.lateness'
local report = require 'bench.support.report'
local server = require 'bench.support.server'
local statistics = require 'bench.support.statistics'
local workloads = require 'bench.support.workloads'

local USAGE = 'usage: luajit bench/run.lua [--only NAMES] [--in-flight NUMBERS] '
  .. '[--clients NAMES] [--rounds N] [--requests N] [--no-peers] [--output FILE]'

local function words_of(text)
  local list = {}
  for word in text:gmatch '[^,]+' do
    list[#list + 1] = word
  end
  return list
end

local function one_of(list, value)
  for _, item in ipairs(list) do
    if item == tostring(value) then
      return true
    end
  end
  return false
end

---@class bench.Choice
---@field only string[]|nil
---@field in_flight string[]|nil
---@field clients string[]|nil
---@field rounds integer
---@field requests integer|nil
---@field peers boolean
---@field output string|nil

---@return bench.Choice
local function parse(argv)
  local choice = { rounds = tonumber(os.getenv 'ROUNDS') or 5, peers = true }
  local i = 1
  while argv[i] do
    local name, value = argv[i], argv[i + 1]
    if name == '--no-peers' then
      choice.peers = false
      i = i - 1
    elseif not value then
      error(USAGE, 0)
    elseif name == '--only' or name == '--clients' then
      choice[name:sub(3)] = words_of(value)
    elseif name == '--in-flight' then
      choice.in_flight = words_of(value)
    elseif name == '--rounds' or name == '--requests' then
      choice[name:sub(3)] = assert(tonumber(value), USAGE)
    elseif name == '--output' then
      choice.output = value
    else
      error(USAGE, 0)
    end
    i = i + 2
  end
  return choice
end

local function chosen(choice, name)
  return not choice.only or one_of(choice.only, name)
end

local function is_chosen(choice, client)
  if not choice.clients or client.name == 'textbook' or client.name == 'best' then
    return true
  end
  for _, beginning in ipairs(choice.clients) do
    if client.name:sub(1, #beginning) == beginning then
      return true
    end
  end
  return false
end

-- All rounds of one point. Each round begins with another client, so that none always follows the
-- same one.
local function measure(choice, list, workload, in_flight, at)
  local here, order, samples = {}, {}, {}
  for _, client in ipairs(list) do
    if is_chosen(choice, client) and clients.can(client, workload, in_flight) then
      here[#here + 1] = client
      order[#order + 1] = client.name
      samples[client.name] = {}
    end
  end
  local requests = workload.requests or choice.requests
    or workloads.requests(workload, in_flight)
  for round = 1, choice.rounds do
    for i = 1, #here do
      local client = here[(i + round - 2) % #here + 1]
      samples[client.name][round] = clients.run(client, workload, in_flight,
        math.max(requests, in_flight), at)
    end
  end
  return statistics.rows(samples, order, workload.name, in_flight)
end

local function main()
  local choice = parse(arg)
  local list, missing = clients.list(choice.peers)
  local at = server.start()
  local ok, problem = pcall(function()
    local rows = {}
    for _, workload in ipairs(workloads) do
      if chosen(choice, workload.name) then
        for _, in_flight in ipairs(workload.in_flight) do
          if not choice.in_flight or one_of(choice.in_flight, in_flight) then
            local point = measure(choice, list, workload, in_flight, at)
            report.point(workload, in_flight, point)
            for _, row in ipairs(point) do
              rows[#rows + 1] = row
            end
          end
        end
      end
    end
    local late = chosen(choice, 'lateness') and lateness.measure(at, choice.rounds) or nil
    local pressed = chosen(choice, 'keys') and keys.measure(at, choice.rounds) or nil
    local per_request = chosen(choice, 'counts') and costs.measure(at) or nil
    report.finish(choice, { rows = rows, lateness = late, keys = pressed,
      per_request = per_request, missing = missing })
  end)
  at.stop()
  if not ok then
    error(problem, 0)
  end
end

local co = coroutine.create(main)
local function step()
  local ok, problem = coroutine.resume(co)
  if not ok then
    io.stderr:write('bench: ', tostring(problem), '\n')
    os.exit(1)
  end
end
step()
uv.run()
