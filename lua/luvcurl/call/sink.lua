--- The Lua end of the door: tables whose methods the C side calls, outside libcurl, when
--- something has happened to a transfer. One class for each way a result is wanted.

local await = require('luvcurl/host/await')
local failure = require('luvcurl/response/failure').of
local host = require('luvcurl/host/host')
local infos = require('luvcurl/response/infos')
local output = require('luvcurl/host/output')
local response = require('luvcurl/response/response')
local source = require('luvcurl/upload/source')

local uv = host.uv
local new_response = response.new

local sink = {}

-- Hooks: methods that a sink has only when the request has them ---------------------------------

local function response_of(self, t)
  local res = self.res
  if not res then
    res = new_response(t, t:status())
    self.res = res
  end
  return res
end

local function on_response(self, t)
  self.on_response(response_of(self, t))
end

local function on_data(self, t)
  local chunk = t:take()
  while chunk do
    self.on_data(chunk, response_of(self, t))
    -- a transfer that the hook has paused keeps what comes until it is resumed
    if t:state() == 'paused' then
      return
    end
    chunk = t:take()
  end
end

--- How much of the old speed the new one keeps, so that it does not jump.
local INERTIA = 0.7

local function on_progress(self, t, down, down_total, up, up_total)
  local now, total = uv.now(), down + up
  local last = self.progress_last
  local speed = self.progress_speed
  if last and now > last.at then
    local latest = (total - last.total) * 1000 / (now - last.at)
    speed = speed and speed * INERTIA + latest * (1 - INERTIA) or latest
    self.progress_speed = speed
  end
  self.progress_last = { at = now, total = total }
  local left = math.max(down_total - down, 0) + math.max(up_total - up, 0)
  self.on_progress({
    down = down, down_total = down_total, up = up, up_total = up_total, transfer = t,
    speed = speed or 0,
    eta = speed and speed > 0 and left > 0 and left * 1000 / speed or nil,
  })
end

-- Classes ------------------------------------------------------------------------------------

--- The one final call: lets go of the body's sources, then tells the class.
local function done(self, t, code, status, body)
  if self.sources then
    source.release(self)
  end
  return self:finish(t, code, status, body)
end

--- The same where the request asks for facts to keep.
local function done_and_known(self, t, ...)
  infos.keep(t, self.infos)
  return done(self, t, ...)
end

local function empty() return {} end

--- A class of sinks. Its method `finish(t, code, status, body)` is called exactly once, last.
---@param blank? fun(): table  what one without settings begins as: with room for its fields, since
---                            a table that grows by one after the other is costly
---@return table
function sink.class(blank)
  local class = { done = done, blank = blank or empty }
  class.__index = class
  return class
end

--- For the classes whose response is there before its body: notes the end, for those who look at
--- `ended`, `err` and `res`. Protocols without headers have their response only now, by the
--- class's `accept`.
---@param t luvcurl.Transfer
---@param code integer
---@param status integer
function sink.end_stream(self, t, code, status)
  self.ended = true
  if code ~= 0 then
    self.err = failure(t, self.res)
  elseif not self.res then
    self:accept(t, status)
  end
end

--- Turns the settings that a request compiled to into a sink of this class.
---@param settings table|nil
---@param class table
---@return table
function sink.new(settings, class)
  if not settings then
    return setmetatable(class.blank(), class)
  end
  if settings.infos then
    settings.done = done_and_known
  end
  if settings.on_response then
    settings.response = on_response
  end
  if settings.on_data then
    settings.data = on_data
  end
  if settings.on_progress then
    settings.progress = on_progress
  end
  return setmetatable(settings, class)
end

--- The response when all is done; the hooks may have seen it already.
local function finished(self, t, status, body)
  local res = self.res
  if res then
    res.body = body
    return res
  end
  return new_response(t, status, body)
end

-- A callback: callback(err, res) --------------------------------------------------------------

local Callback = sink.class(function() return { callback = false } end)
sink.Callback = Callback

---@see luvcurl.Sink.done
function Callback:finish(t, code, status, body)
  if code == 0 then
    return self.callback(nil, finished(self, t, status, body))
  end
  return self.callback(failure(t, self.res, body))
end

-- Somebody waits ------------------------------------------------------------------------------

local Waiter = sink.class(function()
  return { core = false, co = false, ready = false, res = false }
end)
sink.Waiter = Waiter

---@see luvcurl.Sink.done
function Waiter:finish(t, code, status, body)
  if code == 0 then
    self.res = finished(self, t, status, body)
  else
    self.res, self.err = nil, failure(t, self.res or nil, body)
  end
  return await.wake(self)
end

-- Nobody does ---------------------------------------------------------------------------------

local Printer = sink.class()
sink.Printer = Printer

---@see luvcurl.Sink.done
function Printer:finish(t, code, _, body)
  if code ~= 0 then
    output.failure(failure(t))
  elseif body and not self.on_response then
    output.body(body)
  end
end

return sink
