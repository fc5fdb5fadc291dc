-- Whether luv's own threads work here, without luvcurl: in Debian 13 (luv 1.48) they do not, since
-- a state that ends beneath other threads takes the process with it. Yields: for helper.run.

local child = require 'spec.support.child'

local luv_threads = {}

local ALONE = [[
local uv = package.loaded.luv or package.loaded.uv or require 'luv'
local function work(cpath)
  package.cpath = cpath
  local uv = package.loaded.luv or package.loaded.uv or require 'luv'
  local timer = uv.new_timer()
  timer:start(20, 0, function() timer:close() end)
  uv.run()
end
local threads = {}
for i = 1, 6 do
  threads[i] = uv.new_thread(work, package.cpath)
end
for i = 1, 6 do
  threads[i]:join()
end
]]

local broken -- nil before it was tried

--- Tells on stderr if luv's threads crash by themselves: nothing can be said of luvcurl's then.
---@return boolean
function luv_threads.are_broken()
  if broken == nil then
    broken = false
    for _ = 1, 5 do
      local result = child.run(ALONE)
      broken = broken or result.signal ~= 0 or result.code >= 128
    end
    if broken then
      io.stderr:write('luv crashes by its threads alone, without luvcurl: these are not tried\n')
    end
  end
  return broken
end

return luv_threads
