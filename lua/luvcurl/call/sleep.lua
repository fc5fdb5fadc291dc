--- Waiting for a time to pass.

local await = require('luvcurl/host/await')
local check = require('luvcurl/base/check')
local ending = require('luvcurl/host/ending')
local errors = require('luvcurl/response/error')
local host = require('luvcurl/host/host')
local main = require('luvcurl/host/main')
local spawn = require('luvcurl/call/spawn')
local timers = require('luvcurl/host/timers')

---@param ms integer
---@return true|nil
---@return luvcurl.Error|nil err
local function sleep(ms)
  local co = await.place()
  local waiter, timer = {}, timers.take()
  local function wake()
    main.call(function()
      await.wake(waiter)
    end)
  end
  host.uv.update_time()
  timer:start(ms, 0, wake)
  ending.add(waiter, function()
    waiter.shut_down = true
    timer:start(0, 0, wake)
  end)
  local ok, why = await.wait(waiter, co)
  ending.remove(waiter)
  timers.give(timer)
  if not ok then
    await.refuse(why)
    return nil, errors.new({ name = 'ABORTED_BY_CALLBACK', code = 42, message = why })
  elseif waiter.shut_down then
    return nil, errors.new({ name = ending.NAME, code = 42, message = ending.MESSAGE })
  end
  return true
end

--- Waits, in a coroutine or running the loop; with a callback, calls callback(err) then.
---@param ms number
---@param callback fun(err: luvcurl.Error|nil)|nil
---@return true|luvcurl.Spawned|nil
---@return luvcurl.Error|nil err  the user interrupted it, or SHUT_DOWN
return function(ms, callback)
  ms = check.milliseconds('curl.sleep', ms)
  if callback == nil then
    return sleep(ms)
  end
  return spawn.start(function() return sleep(ms) end, callback)
end
