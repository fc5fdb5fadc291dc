--- Timers that are kept for the next use, and closed by curl.shutdown only.
---
--- COMPAT: luv 1.44.2 crashes in lua_close when the callback of a closed handle has not run yet: a
--- script that leaves by os.exit(0, true) would, had it been called after we closed one.

local ending = require('luvcurl/host/ending')
local host = require('luvcurl/host/host')

local uv = host.uv

local timers = {}

local free = {}
local uses = {} ---@type table<userdata, table>  of those that are not free, one a use: whoever
--- waits for the end of one does not wait for the next, which may be his own

--- A timer that is not running.
---@return userdata
function timers.take()
  local timer = table.remove(free)
  while timer and timer:is_closing() do -- the host may close all handles
    timer = table.remove(free)
  end
  timer = timer or uv.new_timer()
  uses[timer] = {}
  ending.add(uses[timer])
  return timer
end

local function nothing() end

--- Stops a timer and keeps it.
---@param timer userdata
function timers.give(timer)
  ending.remove(uses[timer])
  uses[timer] = nil
  if not timer:is_closing() then
    timer:start(0, 0, nothing) -- has luv let go of the callback that it was used for
    timer:stop()
    free[#free + 1] = timer
  end
end

ending.keep(function(list)
  for i = #free, 1, -1 do
    list[#list + 1], free[i] = free[i], nil
  end
end)

return timers
