--- The sink of a streamed response. It knows who reads only as long as somebody waits, in a
--- callback or a coroutine: a response that nobody holds any more is collected, and its transfer
--- ends.

local await = require('luvcurl/host/await')
local failure = require('luvcurl/response/failure').of
local main = require('luvcurl/host/main')
local sink = require('luvcurl/call/sink')
local traceback = require('luvcurl/base/traceback')

local unpack = table.unpack or unpack -- luacheck: ignore 143

---@class luvcurl.Intake  a waiter, see await.lua
---@field readers luvcurl.Reader[]    the one, weakly: who waits in a coroutine has it on its stack
---@field waiting luvcurl.Reader|nil  the same, until the callback was called
---@field callback luvcurl.Callback|nil
---@field make fun(reader: luvcurl.Reader, t: luvcurl.Transfer, status: integer): table
---@field answered boolean|nil        the response is there
---@field ended boolean|nil
---@field err luvcurl.Error|nil
local Intake = sink.class()

--- Calls into the user's code. If that dies of an error the transfer ends, and the error goes to
--- the host: raised, it would only become the transfer's own.
local function guarded(t, call, ...)
  local arguments, n = { ... }, select('#', ...)
  local ok, message = xpcall(function()
    call(unpack(arguments, 1, n))
  end, traceback)
  if not ok then
    t:cancel()
    main.report(message)
  end
end

--- Wakes the one who waits.
local function notify(self, t)
  if not await.wake(self) then
    t:cancel()
  end
end

local function accept(self, t, status)
  self.answered = true
  local reader = self.readers[1]
  if reader then
    reader.res = self.make(reader, t, status)
    return reader.res
  end
end

---@see luvcurl.Sink.response
function Intake:response(t)
  local res = accept(self, t, t:status())
  local callback = self.callback
  if callback then
    self.callback, self.waiting = nil, nil
    return guarded(t, callback, nil, res)
  end
  notify(self, t)
end

---@see luvcurl.Sink.data
function Intake:data(t)
  notify(self, t)
end

---@see luvcurl.Sink.done
function Intake:finish(t, code, status)
  self.ended = true
  local res
  if code ~= 0 then
    self.err = failure(t, self.readers[1] and self.readers[1].res)
  elseif not self.answered then
    res = accept(self, t, status) -- of a protocol without headers
  else
    res = self.readers[1] and self.readers[1].res
  end
  local callback = self.callback
  if callback then
    self.callback, self.waiting = nil, nil
    return callback(self.err, res)
  end
  await.wake(self)
end

return Intake
