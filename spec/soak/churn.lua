-- TRANSFERS added and cancelled at random: at once, in the same turn, in one of the next, or not.

local host = require 'spec.support.host'
local curl = require 'luvcurl'
local servers = require 'spec.support.servers'
local usage = require 'spec.support.usage'
local uv = host.uv

local TRANSFERS, SEED = tonumber(arg[1]), tonumber(arg[2])
local BATCH = 100
math.randomseed(SEED)

local m
local added, ended, cancelled, twice = 0, 0, 0, 0

local function add()
  local finals = 0
  added = added + 1
  return m:add(servers.nginx.url .. '/small', function()
    finals = finals + 1
    ended = ended + 1
    twice = twice + (finals > 1 and 1 or 0)
  end)
end

local function batch()
  local all = {}
  for i = 1, BATCH do
    all[i] = add()
  end
  for _ = 1, math.random(0, 3) do
    for _, t in ipairs(all) do
      if math.random() < 0.4 and t:cancel() then
        cancelled = cancelled + 1
      end
    end
    uv.run('nowait')
  end
end

local function run(limit)
  m = curl.Multi:new { max_concurrent = 60 }
  while added < limit do
    batch()
    -- A backlog of any size would be what the process holds at its most.
    assert(host.drive(function() return added - ended < 2 * BATCH end, 60000))
  end
  assert(host.drive(function() return ended == added end, 60000))
  assert(twice == 0 and m:count() == 0)
  m = nil -- and with it all connections
  usage.settle()
  local line = '{ requests = %d, cancelled = %d, resident = %.0f, descriptors = %d, handles = %d }'
  io.stdout:write(line:format(ended, cancelled, usage.resident(), usage.descriptors(),
    usage.handles()), '\n')
end

run(math.floor(TRANSFERS / 5))
run(TRANSFERS)
uv.run('nowait')
