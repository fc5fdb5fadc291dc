-- Scripts that end in some way of their own, in processes of their own: with the right status,
-- unharmed, in silence, and soon. They write to stdout when they come to their way out:
--
--     io.stdout:write(('%.0f\n'):format(uv.hrtime() / 1e6))
--     io.stdout:flush()

local child = require 'spec.support.child'
local helper = require 'spec.support.helper'

local exits = {}

--- Milliseconds from the way out to the end of the process.
exits.LIMIT = 1000

local AT_ONCE = 8 -- processes

--- Runs one script. Yields, so it belongs in helper.run.
---@param script string
---@param args string[]
---@param status integer it has to end with
---@return string|nil problem
---@return number|nil took ms from the way out to the end
function exits.run(script, args, status)
  local began = helper.uv.hrtime() / 1e6
  local result = child.run(script, { args = args })
  local left = tonumber((result.out:gsub('\r', '')):match '(%d+)\n')
  if result.late or result.signal ~= 0 or result.code ~= status or result.err ~= '' then
    return ('late %s, signal %d, status %d: %s'):format(tostring(result.late), result.signal,
      result.code, result.err)
  elseif not left then
    return 'did not come to its way out'
  end
  return nil, began + result.ms - left
end

---@class Exit
---@field name string  for the message
---@field args string[]
---@field status integer

---@param one Exit
local function problem_of(script, one, limit)
  local problem, took = exits.run(script, one.args, one.status)
  if not problem and took > limit then
    problem = ('took %.0f ms to its end'):format(took)
  end
  return problem and one.name .. ': ' .. problem
end

--- Runs a script with each of a list of arguments, many at once. What goes wrong beside others
--- counts when it does alone too: the limit is a short one.
---@param script string
---@param list Exit[]
---@param limit number|nil ms, exits.LIMIT by default
---@return integer count how many were run
function exits.all(script, list, limit)
  limit = limit or exits.LIMIT
  local count, running, again = 0, AT_ONCE, {}
  local function worker()
    while list[count + 1] do
      count = count + 1
      local one = list[count]
      if problem_of(script, one, limit) then
        again[#again + 1] = one
      end
    end
    running = running - 1
  end
  for _ = 1, AT_ONCE do
    coroutine.wrap(worker)()
  end
  helper.wait_for(function() return running == 0 end, 60000)
  helper.run(function()
    for _, one in ipairs(again) do
      local problem = problem_of(script, one, limit)
      assert(not problem, problem)
    end
  end, 60000)
  return count
end

return exits
