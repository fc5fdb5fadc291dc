--- The sink of a streamed response: bytes wait in the transfer until somebody takes them, and
--- whoever finds none waits here.

local await = require('luvcurl/await')
local check = require('luvcurl/check')
local misuse = require('luvcurl/misuse')
local perform = require('luvcurl/perform')
local sink = require('luvcurl/sink')

local unpack = table.unpack or unpack -- luacheck: ignore 143

--- Bytes taken at once: strings of the size of high_water would be garbage as large.
local CHUNK = 256 * 1024

---@class luvcurl.Reader
---@field t luvcurl.Transfer
---@field ended boolean|nil
---@field err luvcurl.Error|nil
---@field reopen fun(headers: table): luvcurl.Reader  sends the request again
local Reader = sink.class()

--- What an error in a callback becomes: text, with where it happened.
local function described(err)
  return debug.traceback(tostring(err), 2)
end

--- Calls into the user's code. If that dies of an error the transfer ends, and the error goes to
--- the host from `done`: raised here it would only become the transfer's own.
local function guarded(self, t, call, ...)
  local arguments, n = { ... }, select('#', ...)
  local ok, message = xpcall(function()
    call(unpack(arguments, 1, n))
  end, described)
  if not ok then
    self.crash = message
    t:cancel()
  end
end

--- Wakes the one who waits.
local function notify(self, t)
  local ok, message = pcall(await.wake, self)
  if not ok then
    self.crash = message
    t:cancel()
  end
end

function Reader:accept(t, status)
  self.res = self.make(self, t, status)
end

function Reader:response(t)
  self:accept(t, t:status())
  if self.callback then
    local callback = self.callback
    self.callback = nil
    return guarded(self, t, callback, nil, self.res)
  end
  notify(self, t)
end

function Reader:data(t)
  notify(self, t)
end

function Reader:finish(t, code, status)
  sink.end_stream(self, t, code, status)
  if self.crash then
    error(self.crash, 0)
  elseif self.callback then
    return self.callback(self.err, self.res)
  end
  await.wake(self)
end

--- Waits for the next thing to happen.
function Reader:park()
  if self.co then
    misuse('another coroutine is reading this response')
  end
  local co = await.place()
  self.ready = false
  local ok, why = await.wait(self, co)
  if not ok then
    self.err = perform.given_up(self.t, why)
    self.ended = true
  end
end

--- Waits for the response's headers.
---@return luvcurl.StreamResponse|nil
---@return luvcurl.Error|nil err
function Reader:answer()
  while not self.res and not self.ended do
    self:park()
  end
  if self.res then
    return self.res
  end
  return nil, self.err
end

--- The next bytes, as they come, at most `max`; nil at the end, nil and the error when it failed.
---@param max integer|nil
---@return string|nil chunk
---@return luvcurl.Error|nil err
function Reader:take(max)
  local buffer = self.buffer
  if buffer then
    local pos = self.pos
    if max and #buffer - pos + 1 > max then
      self.pos = pos + max
      return buffer:sub(pos, pos + max - 1)
    end
    self.buffer = nil
    return pos == 1 and buffer or buffer:sub(pos)
  end
  while true do
    local chunk = self.t:take(math.min(max or CHUNK, CHUNK))
    if chunk then
      return chunk
    elseif self.ended then
      return nil, self.err
    end
    self:park()
  end
end

--- Exactly `size` bytes; fewer only at the end.
---@param size integer
---@return string|nil
---@return luvcurl.Error|nil
function Reader:exactly(size)
  check.integer('response:read', size, 1, 'a number of bytes, 1 or more')
  local parts, have = {}, 0
  while have < size do
    local chunk, err = self:take(size - have)
    if err then
      return nil, err
    elseif not chunk then
      break
    end
    parts[#parts + 1] = chunk
    have = have + #chunk
  end
  if have == 0 then
    return nil
  end
  return #parts == 1 and parts[1] or table.concat(parts)
end

--- The next line without its LF or CRLF; what the last one has when the body ends without.
---@return string|nil
---@return luvcurl.Error|nil
function Reader:line()
  local parts
  while true do
    if not self.buffer then
      local chunk, err = self:take()
      if err then
        return nil, err
      elseif not chunk then
        return parts and table.concat(parts)
      end
      self.buffer, self.pos = chunk, 1
    end
    local buffer, pos = self.buffer, self.pos
    local stop = buffer:find('\n', pos, true)
    local piece = buffer:sub(pos, stop and stop - 1)
    if stop and stop < #buffer then
      self.pos = stop + 1
    else
      self.buffer = nil
    end
    if stop then
      if parts then
        parts[#parts + 1] = piece
        piece = table.concat(parts)
      end
      if piece:byte(-1) == 13 then
        piece = piece:sub(1, -2)
      end
      return piece
    end
    parts = parts or {}
    parts[#parts + 1] = piece
  end
end

--- All that is left.
---@return string|nil
---@return luvcurl.Error|nil
function Reader:rest()
  local parts = {}
  while true do
    local chunk, err = self:take()
    if err then
      return nil, err
    elseif not chunk then
      return table.concat(parts)
    end
    parts[#parts + 1] = chunk
  end
end

return Reader
