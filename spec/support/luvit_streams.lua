-- Streams as luvit has them, small, made from what its documentation says of node's: emitters;
-- Writables, whose `write` says false above the mark and which emit 'drain' when all has gone;
-- Readables, which flow while somebody listens to 'data' and has not paused them. What the specs do
-- with them was tried with luvit 2.18's own http, fs and process, too.

local helper = require 'spec.support.helper'

local uv = helper.uv
local unpack = table.unpack or unpack -- luacheck: ignore 143

local streams = {}

-- Soon, as process.nextTick has it.
local function soon(fn)
  local timer = uv.new_timer()
  timer:start(0, 0, function()
    timer:close()
    fn()
  end)
end

-- Emitters --------------------------------------------------------------------------------------

local Emitter = {}
Emitter.__index = Emitter

function Emitter:on(event, fn)
  local list = self.handlers[event] or {}
  list[#list + 1], self.handlers[event] = fn, list
  return self
end

function Emitter:removeListener(event, fn)
  for i, one in ipairs(self.handlers[event] or {}) do
    if one == fn then
      return table.remove(self.handlers[event], i)
    end
  end
end

function Emitter:emit(event, ...)
  for _, fn in ipairs({ unpack(self.handlers[event] or {}) }) do
    fn(...)
  end
end

-- How many listen, to whatever.
function Emitter:listeners()
  local count = 0
  for _, list in pairs(self.handlers) do
    count = count + #list
  end
  return count
end

function Emitter:destroy(err)
  if not self.destroyed then
    self.destroyed = true
    soon(function()
      if err then
        self:emit('error', err)
      end
      self:emit('close')
    end)
  end
end

local function class()
  local new = setmetatable({}, { __index = Emitter })
  new.__index = new
  return new
end

-- Writables --------------------------------------------------------------------------------------

local Writable = class()

--- `put(bytes, done)` is called with one chunk after the other.
function streams.writable(put)
  return setmetatable({ handlers = {}, put = put, waiting = {}, length = 0, most = 0 },
    Writable)
end

local MARK = 16384

function Writable:next()
  local bytes = table.remove(self.waiting, 1)
  self.writing = true
  self.put(bytes, function(err)
    self.writing, self.length = false, self.length - #bytes
    if err then
      return self:emit('error', err)
    elseif self.waiting[1] then
      return self:next()
    elseif self.wants_drain then
      self.wants_drain = false
      self:emit('drain')
    end
  end)
end

function Writable:write(bytes)
  if self.destroyed then
    return false
  end
  self.waiting[#self.waiting + 1] = bytes
  self.length = self.length + #bytes
  self.most = math.max(self.most, self.length)
  local more = self.length < MARK
  self.wants_drain = self.wants_drain or not more
  if not self.writing then
    self:next()
  end
  return more
end

-- Readables --------------------------------------------------------------------------------------

local Readable = class()

--- `get(push)` is called when more is wanted; `push(bytes)` gives some, `push(nil)` the end.
function streams.readable(get)
  return setmetatable({ handlers = {}, get = get, pending = {}, _readableState = {} }, Readable)
end

function Readable:on(event, fn)
  Emitter.on(self, event, fn)
  if event == 'data' and self.flowing == nil then
    self:resume()
  end
  return self
end

function Readable:push(bytes)
  self.asked = false
  if bytes == nil then
    self.ended = true
  else
    self.pending[#self.pending + 1] = bytes
  end
  self:flow()
end

function Readable:flow()
  while self.flowing and self.pending[1] do
    self:emit('data', table.remove(self.pending, 1))
  end
  local state = self._readableState
  if not self.flowing or state.endEmitted or self.destroyed then
    return
  elseif self.ended then
    state.endEmitted = true
    self:emit('end')
  elseif not self.asked then
    self.asked = true
    self.get(function(bytes) self:push(bytes) end)
  end
end

function Readable:pause()
  self.flowing = false
end

function Readable:resume()
  if not self.flowing then
    self.flowing = true
    soon(function() self:flow() end)
  end
end

--- A readable of these chunks, each of them some time after it was asked for.
function streams.of(chunks)
  local at = 0
  return streams.readable(function(push)
    soon(function()
      at = at + 1
      push(chunks[at])
    end)
  end)
end

streams.soon = soon

return streams
