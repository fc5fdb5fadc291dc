-- The process that soaks: REQUESTS of all kinds, WIDTH at once, chosen by SEED. What it holds after
-- a fifth of them and at the end goes to stdout, a Lua table each.

local host = require 'spec.support.host'
local servers = require 'spec.support.servers'
local usage = require 'spec.support.usage'
local uv = host.uv

local REQUESTS, SEED = tonumber(arg[1]), tonumber(arg[2])
local faults = { silent = arg[3], refused = arg[4], reset = arg[5], truncated = arg[6],
  garbage = arg[7] }
local WIDTH = 40

local kinds_of = require 'spec.soak.kinds'
local kinds = kinds_of(servers, faults) -- made anew for each part
local names = {}
for name in pairs(kinds) do
  if name:find(os.getenv('SOAK_KINDS') or '') then
    names[#names + 1] = name
  end
end
table.sort(names)
math.randomseed(SEED)

local begun, ended, wrong = 0, 0, 0

local function complain(name, what)
  wrong = wrong + 1
  if wrong <= 20 then
    io.stderr:write(name, ': ', tostring(what), '\n')
  end
end

local function fill(limit)
  while begun < limit and begun - ended < WIDTH do
    begun = begun + 1
    local name, finals = names[math.random(#names)], 0
    kinds[name](function(err)
      finals = finals + 1
      ended = ended + 1
      if finals > 1 then
        complain(name, 'a second end')
      elseif err then
        complain(name, err)
      end
    end, begun)
  end
end

local function run(limit)
  kinds = kinds_of(servers, faults)
  local last, since = ended, uv.hrtime()
  while ended < limit do
    fill(limit)
    host.drive(function()
      return ended == limit or begun < limit and begun - ended < WIDTH
    end, 1000)
    if ended ~= last then
      last, since = ended, uv.hrtime()
    end
    assert(uv.hrtime() - since < 30e9, 'nothing has ended for 30 s')
  end
  kinds = nil -- and with them all connections
  usage.settle()
  local line = '{ requests = %d, resident = %.0f, descriptors = %d, handles = %d, lua = %.0f }\n'
  io.stdout:write(line:format(
    ended, usage.resident(), usage.descriptors(), usage.handles(),
    collectgarbage('count') * 1024))
end

run(math.floor(REQUESTS / 5))
run(REQUESTS)
uv.run('nowait')
os.exit(wrong == 0 and 0 or 1)
