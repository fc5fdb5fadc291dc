--- Calls that are made by the loop, soon: outside of whatever runs now, in their order.

local host = require('luvcurl/host/host')
local main = require('luvcurl/host/main')
local timers = require('luvcurl/host/timers')
local traceback = require('luvcurl/base/traceback')

local calls = {} ---@type fun()[]
local timer ---@type userdata|nil  runs while there are calls

-- Each is made, whatever the others raise: the host is told of that.
local function run()
  local list = calls
  calls = {}
  for i = 1, #list do
    local ok, why = xpcall(list[i], traceback)
    if not ok then
      main.report(why)
    end
  end
end

local function fire()
  timers.give(timer)
  timer = nil
  main.call(run)
end

--- Calls `fn` where user code belongs, from the loop, which is kept alive for it.
---@param fn fun()
local function soon(fn)
  calls[#calls + 1] = fn
  if not timer or timer:is_closing() then -- the host may close all handles
    timer = timers.take()
    host.uv.update_time()
    timer:start(0, 0, fire)
  end
end

return soon
