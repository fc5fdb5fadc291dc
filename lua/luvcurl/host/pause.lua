--- Waiting for a time to pass; curl.shutdown ends that early.

local await = require('luvcurl/host/await')
local ending = require('luvcurl/host/ending')
local host = require('luvcurl/host/host')
local main = require('luvcurl/host/main')
local timers = require('luvcurl/host/timers')

--- Yields, or runs the loop.
---@param ms integer
---@param take_hurry? fun(hurry: fun())  is given what ends it now
---@return boolean ok
---@return string|luvcurl.Error|nil why  as of await.wait
---@return boolean shut_down
return function(ms, take_hurry)
  local co = await.place()
  local waiter, timer, shut_down = {}, timers.take(), false
  local function wake()
    main.call(function()
      await.wake(waiter)
    end)
  end
  local function hurry()
    timer:start(0, 0, wake)
  end
  host.uv.update_time()
  timer:start(ms, 0, wake)
  ending.add(waiter, function()
    shut_down = true
    hurry()
  end)
  if take_hurry then
    take_hurry(hurry)
  end
  local ok, why = await.wait(waiter, co)
  ending.remove(waiter)
  timers.give(timer)
  return ok, why, shut_down
end
