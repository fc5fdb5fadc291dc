-- What this process holds: for specs that look whether it grows.

local host = require 'spec.support.host'

local uv = host.uv
local usage = {}

--- Resident memory.
---@return integer bytes
function usage.resident()
  local file = assert(io.open('/proc/self/statm'))
  local pages = file:read('*a'):match('^%d+ (%d+)')
  file:close()
  return tonumber(pages) * 4096
end

---@return integer
function usage.descriptors()
  local count = 0
  local scan = assert(uv.fs_scandir('/proc/self/fd'))
  while uv.fs_scandir_next(scan) do
    count = count + 1
  end
  return count
end

--- Handles on luv's loop.
---@return integer
function usage.handles()
  local count = 0
  uv.walk(function() count = count + 1 end)
  return count
end

--- Collects all garbage, and lets the loop end what was closed.
function usage.settle()
  for _ = 1, 2 do
    collectgarbage()
    collectgarbage()
    local over
    local timer = uv.new_timer()
    timer:start(50, 0, function()
      over = true
      timer:close()
    end)
    host.drive(function() return over end, 1000)
  end
  collectgarbage()
end

return usage
