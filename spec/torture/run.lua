-- One run of a scenario, by luvcurl_torture. A call is one request of it; each must end in exactly
-- one final callback, or be refused by an error where it was made. Where Lua itself has no memory,
-- the error that came out of a callback may stand for the final one.

local torture = require 'torture'
torture.hook(assert(package.searchpath('luv', package.cpath)))
torture.keep(assert(package.searchpath('cjson', package.cpath)))
local uv = require 'luv'
local servers = require 'spec.support.servers'
local scenario = assert(require('spec.torture.scenarios')[...], 'no such scenario')

if not scenario.loads then
  require 'luvcurl'
end

local calls = {}
for i = 1, scenario.calls do
  local call = { begun = false, raised = false, finals = 0 }
  function call.final(err)
    call.finals = call.finals + 1
    call.err = err
  end
  calls[i] = call
end

-- Calls start(final): in the scenario, where memory may be short.
local function begin(i, start, ...)
  local call = calls[i]
  call.begun = true
  local ok, result = pcall(start, call.final, ...)
  if not ok then
    call.raised = call.finals == 0 -- else it was the scenario that had no memory, after its end
    error(result, 0)
  end
  return result
end

torture.arm()
local ran, why = pcall(scenario.run, begin, servers)
local looped, stop = pcall(uv.run)
local uncaught, failed = torture.disarm()
assert(looped, stop)
uv.run() -- what is left, if the one before was ended by an error

local function check(i, call)
  local said = 'call %d: raised %s, %d final callbacks, %d uncaught errors; the scenario: %s'
  said = said:format(i, tostring(call.raised), call.finals, uncaught, tostring(ran or why))
  if call.raised then
    assert(call.finals == 0, said)
  elseif call.begun then
    assert(call.finals == 1 or call.finals == 0 and uncaught > 0, said)
  end
end

for i, call in ipairs(calls) do
  check(i, call)
  -- Without a failed allocation it is an ordinary script.
  assert(failed > 0 or call.finals == 1 and uncaught == 0 and ran, why)
end

-- What had no memory has it again.
local again
require('luvcurl').get(servers.nginx.url .. '/small', function(err, res)
  again = err or res.body
end)
uv.run()
assert(again == 'hello world\n', again)

-- Made once in a process, and asked for by failures only: so the first run, in which nothing fails,
-- has it made.
require('luvcurl_core').info_names()
