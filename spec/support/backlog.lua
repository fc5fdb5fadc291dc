-- A port that takes no connection and refuses none: its queue is full, and nobody accepts.

local helper = require 'spec.support.helper'

local uv = helper.uv
local backlog = {}

--- Yields nothing; runs the loop for some 200 ms, so it must be called outside of helper.run.
---@return string url whose host never answers a connect
function backlog.full()
  local server = uv.new_tcp()
  assert(server:bind('127.0.0.1', 0))
  assert(server:listen(1, function() end))
  helper.defer(function() server:close() end)
  local port = server:getsockname().port
  -- libuv takes one from the queue whenever it is told of a connection: so until nobody gets in.
  local connected
  repeat
    connected = false
    local client = uv.new_tcp()
    client:connect('127.0.0.1', port, function(err) connected = not err end)
    helper.defer(function() client:close() end)
    helper.spin(50)
  until not connected
  return ('http://127.0.0.1:%d/'):format(port)
end

return backlog
