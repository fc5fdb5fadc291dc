--- curl.shutdown: the end of everything, until the next call.

local await = require('luvcurl/host/await')
local core = require('luvcurl_core')
local ending = require('luvcurl/host/ending')
local main = require('luvcurl/host/main')
local perform = require('luvcurl/call/perform')
local timers = require('luvcurl/host/timers')

--- Calls `fn` when all of these have ended, where user code belongs.
local function when_over(left, fn)
  if ending.is_over(left) then
    return fn()
  end
  local timer = timers.take()
  timer:start(1, 1, function()
    if timer:is_active() and ending.is_over(left) then
      timers.give(timer)
      main.call(fn)
    end
  end)
end

--- Closes what nobody needs any more, then calls `fn`.
local function close(fn)
  local list = core.release()
  ending.give(list)
  local left = 1
  local function closed()
    left = left - 1
    if left == 0 then
      main.call(fn)
    end
  end
  for _, handle in ipairs(list) do
    if handle and not handle:is_closing() then
      left = left + 1
      handle:close(closed)
    end
  end
  closed()
end

--- Ends all that is under way, in every Multi and session: each transfer and download gets its one
--- final callback, with an Error named SHUT_DOWN. Then closes the connections and luv's handles
--- that luvcurl has made, as far as nothing that was begun meanwhile needs them (a poll handle
--- stays while the loop watches another's descriptor of its number). The next call begins anew.
---
--- With a callback it returns at once, and calls that when all of it is done; without, it returns
--- then: in a coroutine by yielding, in a main chunk by running the loop. In a luv callback, where
--- neither can be, it returns at once, too.
---@param callback? fun()
return function(callback)
  local waiter, waits, co = {}, false, nil
  if callback == nil then
    waits, co = pcall(await.place)
  else
    perform.check_callback(callback)
    callback = perform.as_text(callback)
  end
  local left = ending.begin()
  core.shut_down(function()
    when_over(left, function()
      close(callback or function()
        await.wake(waiter)
      end)
    end)
  end)
  if waits then
    await.wait(waiter, co)
  end
end
