--- Streams whose lines or events a function is told, one after the other: curl.stream with
--- `on_line` or `on_event`.

local check = require('luvcurl/base/check')
local misuse = require('luvcurl/base/misuse')
local perform = require('luvcurl/call/perform')
local request = require('luvcurl/request/request')
local spawn = require('luvcurl/call/spawn')

---@class luvcurl.StreamRequest : luvcurl.Request
---@field on_line? fun(line: string, res: luvcurl.StreamResponse)  called for each line, in a
---  coroutine: it may wait, which slows the server. Then the call is over when the body is
---@field lines? luvcurl.LineOptions    for on_line, as for res:lines
---@field on_event? fun(event: luvcurl.Event, res: luvcurl.StreamResponse)  the same for server-sent
---  events
---@field events? luvcurl.EventOptions  for on_event, as for res:events

--- The request without what is ours.
local function split(given)
  local rest = {}
  for name, value in pairs(given) do
    rest[name] = value
  end
  rest.on_line, rest.lines, rest.on_event, rest.events = nil, nil, nil, nil
  return rest
end

---@param stream fun(core: luvcurl.CoreMulti, given: any, url: string|nil): any, any
---@param core luvcurl.CoreMulti
---@param given luvcurl.StreamRequest
---@param url string|nil
---@param callback luvcurl.Callback|nil
---@return luvcurl.Spawned|luvcurl.StreamResponse|nil
---@return luvcurl.Error|nil
return function(stream, core, given, url, callback)
  local by_line = given.on_line ~= nil
  if by_line and given.on_event ~= nil then
    misuse('request: on_line and on_event exclude each other')
  end
  local where = by_line and 'request.on_line' or 'request.on_event'
  local hook = by_line and given.on_line or given.on_event
  if not check.is_callable(hook) then
    check.fail(where, 'a function', hook)
  elseif callback ~= nil then
    perform.check_callback(callback)
  end
  local rest = split(given)
  request.compile(rest, url) -- what is not valid raises now
  return spawn.call(function(task)
    local res, err = stream(core, rest, url)
    if not res then
      return nil, err
    end
    task:defer(function() res:close() end) -- whatever becomes of the hook
    local following = by_line and res:lines(given.lines) or res:events(given.events)
    local item = following()
    while item ~= nil do
      hook(item, res)
      item = following()
    end
    return res
  end, callback)
end
