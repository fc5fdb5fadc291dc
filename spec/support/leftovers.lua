-- What a test left behind: handles that keep the loop alive, and whatever else is registered.

local host = require 'spec.support.host'

local leftovers = {}

local checks = {}

--- Registers a check that runs after every test from now on. It returns how many of something are
--- left, and what they are called; anything above 0 fails the test.
---@param check fun(): integer, string
function leftovers.check(check)
  checks[#checks + 1] = check
end

--- Handles that keep the loop alive now; none in Neovim, where they cannot be listed.
---@return table<userdata, boolean>
function leftovers.handles()
  local live = {}
  if host.can_walk then
    host.uv.walk(function(handle)
      if handle:is_active() and handle:has_ref() or handle:is_closing() then
        live[handle] = true
      end
    end)
  end
  return live
end

--- Closes the handles that were not there before, for a test that failed: its servers, its timers,
--- and luvcurl's own, whereupon its transfers end. The next test is to find nothing of it.
---@param before table<userdata, boolean> from handles()
function leftovers.close(before)
  for handle in pairs(leftovers.handles()) do
    if not before[handle] and not handle:is_closing() then
      handle:close()
    end
  end
end

--- Names of what is there now and was not in `before`.
---@param before table<userdata, boolean> from handles()
---@return string[]
function leftovers.since(before)
  local names = {}
  for handle in pairs(leftovers.handles()) do
    if not before[handle] then
      names[#names + 1] = tostring(handle)
    end
  end
  for _, check in ipairs(checks) do
    local count, name = check()
    if count > 0 then
      names[#names + 1] = ('%d %s'):format(count, name)
    end
  end
  return names
end

return leftovers
