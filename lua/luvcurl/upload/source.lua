--- Bodies that are sent as they come. A source is an object with
---
---     source:read(t)    the C side's upload buffer runs low: answer by self:feed, now or later
---     source:rewind()   the next bytes are the first ones again; only sources that can have it
---     source:close()    the transfer has ended
---     source:prepare(t, ready)  finds out its `size`; only sources that have to look for it
---
--- `expected` is the size that the request says, in bytes. `self.feed(chunk)` hands a chunk over,
--- nil the end.

local await = require('luvcurl/host/await')
local check = require('luvcurl/base/check')
local filesource = require('luvcurl/upload/filesource')
local readable = require('luvcurl/upload/readable')
local traceback = require('luvcurl/base/traceback')

local source = {}

-- Functions ----------------------------------------------------------------------------------

local Function = {}
Function.__index = Function

--- COMPAT: in PUC Lua 5.1 the user's function could not yield through a pcall. There an error that
--- it raises after it was resumed by somebody else goes to them, and the transfer waits on.
local can_protect = coroutine.wrap(function()
  return pcall(coroutine.yield, true)
end)() == true

--- Feeds one chunk for each call of `read`: `waits` tells our own wait from one of the function's.
local function feed_all(self)
  while true do
    local round = self.round
    local chunk = self.next()
    if chunk ~= nil and type(chunk) ~= 'string' then
      error(('the body function returned a %s: expected a string, or nil at the end'):format(
        type(chunk)), 0)
    end
    if self.over then
      return
    end
    -- what it was waiting for when it had to start anew is of no use
    if round == self.round then
      self.feed(chunk)
      self.waits = true
      coroutine.yield()
    end
  end
end

--- Runs as a coroutine of its own, so that the user's function may yield, and whoever resumes it
--- then need not know what an error in it means.
local function pump(self, t)
  if not can_protect then
    return feed_all(self)
  end
  local ok, message = xpcall(function()
    feed_all(self)
  end, traceback)
  if not ok then
    t:fail(message)
  end
end

---@see luvcurl.Sink.read
function Function:read(t)
  if not self.waits then
    return -- the function has yielded: its chunk is yet to come
  end
  self.waits = false
  local co = self.co
  if not co then
    co = coroutine.create(pump)
    self.co = co
    await.guard(co, function(message)
      t:fail(message)
    end)
  end
  local ok, why = coroutine.resume(co, self, t)
  if not ok then
    t:fail(traceback(why, co))
  end
end

--- Only those have it that came with a function for this.
local function rewind_function(self)
  self.round = self.round + 1
  self.again()
end

--- The transfer has ended: what the function gives from now on is dropped.
function Function:close()
  self.over = true
  if self.co then
    await.guard(self.co, nil)
  end
end

---@param where string
---@param given { read: fun(): string|nil, rewind?: fun(), size?: integer }
local function new_function(where, given)
  check.type(where .. '.read', given.read, 'function')
  local one = { next = given.read, waits = true, round = 1 }
  if given.rewind ~= nil then
    one.again = check.type(where .. '.rewind', given.rewind, 'function')
    one.rewind = rewind_function
  end
  if given.size ~= nil then
    one.expected = check.integer(where .. '.size', given.size, 0, 'a number of bytes')
  end
  return setmetatable(one, Function)
end

-- Streams ------------------------------------------------------------------------------------

local Stream = {}
Stream.__index = Stream

local function is_stream(value)
  local ok, method = pcall(function()
    return value.read_start
  end)
  return ok and type(method) == 'function'
end

---@see luvcurl.Sink.read
function Stream:read(t)
  if self.reading then
    return
  elseif self.stream:is_closing() then
    return t:fail('the body stream was closed')
  end
  self.reading = true
  local ok, why = self.stream:read_start(function(err, chunk)
    self:stop() -- until the buffer runs low again
    if self.over then
      return
    elseif err then
      t:fail('the body stream failed: ' .. tostring(err))
    else
      self.feed(chunk)
    end
  end)
  if not ok then
    self.reading = false
    t:fail('the body stream cannot be read: ' .. tostring(why))
  end
end

--- Until the buffer runs low again.
function Stream:stop()
  if self.reading then
    self.reading = false
    if not self.stream:is_closing() then
      self.stream:read_stop()
    end
  end
end

--- The transfer has ended: what is in the stream stays there.
function Stream:close()
  self.over = true
  self:stop()
end

-- All of them --------------------------------------------------------------------------------

--- Whether a value stands for a source, as opposed to bytes.
---@param body any
---@return boolean
function source.is(body)
  return type(body) == 'function' or is_stream(body) or readable.is(body)
    or (type(body) == 'table' and (body.file ~= nil or body.read ~= nil))
end

--- A source for a function, a stream of luv's or luvit's, {file = path}, or
--- {read =, rewind =, size =}: a function with what else is known of it.
---@param where string
---@param body any
---@return table
function source.new(where, body)
  if type(body) == 'function' then
    return new_function(where, { read = body })
  elseif is_stream(body) then
    return setmetatable({ stream = body }, Stream)
  elseif readable.is(body) then
    return readable.new(body)
  end
  if body.read ~= nil then
    return new_function(where, check.record(where, body, { 'read', 'rewind', 'size' }))
  end
  check.record(where, body, { 'file' })
  return filesource.new(where, body.file)
end

-- The sink's side: methods that it has when its request has sources.

--- Hands over what a source gives; one that does not keep to the size that was announced for it
--- would make the server wait for the rest, or take what is too much for another request.
local function feeder(one, t, stream)
  local expected = one.expected
  one.count = 0
  if not expected or one.prepare then -- files look after that themselves
    return function(chunk)
      t:feed(chunk, stream)
    end
  end
  return function(chunk)
    local count = one.count + #(chunk or '')
    one.count = count
    if count > expected or (not chunk and count < expected) then
      return t:fail(('the body is %s than its Content-Length of %.0f bytes'):format(
        count > expected and 'longer' or 'shorter', expected))
    end
    t:feed(chunk, stream)
  end
end

local function read(self, t, stream)
  local one = self.sources[stream]
  one.feed = one.feed or feeder(one, t, stream)
  one:read(t)
end

local function rewind(self, _, stream)
  local one = self.sources[stream]
  one.count = 0
  one:rewind()
end

--- The request waits until each source knows its size.
local function prepare(self, t)
  local left = 1
  local function ready()
    left = left - 1
    if left == 0 then
      t:ready()
    end
  end
  for stream, one in ipairs(self.sources) do
    if one.prepare then
      left = left + 1
      one:prepare(t, function()
        t:size(one.size, stream)
        ready()
      end)
    end
  end
  ready()
end

--- Gives a sink its sources, in the order the C side numbers them.
---@param sink table
---@param sources table[]
function source.attach(sink, sources)
  sink.sources = sources
  sink.read = read
  local can_rewind, has_to_prepare = true, false
  for _, one in ipairs(sources) do
    can_rewind = can_rewind and one.rewind ~= nil
    has_to_prepare = has_to_prepare or one.prepare ~= nil
  end
  sink.rewind = can_rewind and rewind or nil
  sink.prepare = has_to_prepare and prepare or nil
end

--- Lets go of the sources; the transfer has ended.
---@param sink table
function source.release(sink)
  for _, one in ipairs(sink.sources) do
    one:close()
  end
end

return source
