--- Waiting for a time to pass.

local check = require('luvcurl/base/check')
local ending = require('luvcurl/host/ending')
local errors = require('luvcurl/response/error')
local pause = require('luvcurl/host/pause')
local perform = require('luvcurl/call/perform')
local spawn = require('luvcurl/call/spawn')

---@param ms integer
---@return true|nil
---@return luvcurl.Error|nil err
local function sleep(ms)
  local ok, why, shut_down = pause(ms)
  if not ok then
    return nil, perform.interrupted(why)
  elseif shut_down then
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
