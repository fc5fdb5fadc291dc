--- Who reads a streamed response: bytes wait in the transfer until somebody takes them, and whoever
--- finds none waits here.

local await = require('luvcurl/host/await')
local check = require('luvcurl/base/check')
local core = require('luvcurl_core')
local errors = require('luvcurl/response/error')
local misuse = require('luvcurl/base/misuse')
local perform = require('luvcurl/call/perform')

local WEAK = { __mode = 'v' }

---@class luvcurl.Reader
---@field t luvcurl.Transfer
---@field intake luvcurl.Intake
---@field leash luvcurl.Leash      ends the transfer when the reader is collected
---@field res luvcurl.StreamResponse|nil
---@field reopen fun(headers: table): luvcurl.Reader  sends the request again
local Reader = {}
Reader.__index = Reader

--- The reader of what `intake` will take in.
---@param intake luvcurl.Intake
---@return luvcurl.Reader
function Reader.new(intake)
  local self = setmetatable({ t = false, intake = intake, leash = core.leash() }, Reader)
  intake.readers = setmetatable({ self }, WEAK)
  return self
end

--- Begins with a transfer that was added. Needs no memory: there is no way back.
---@param t luvcurl.Transfer
function Reader:begin(t)
  self.t = t
  self.leash:hold(t)
end

--- Where to wait: what await.place() says. Raises when somebody else waits here.
---@return thread|nil
function Reader:place()
  if self.intake.co then
    misuse('another coroutine is reading this response')
  end
  return await.place()
end

--- Waits for the next thing to happen.
function Reader:park()
  local intake = self.intake
  local co = self:place()
  intake.ready = false
  local ok, why = await.wait(intake, co)
  if not ok then
    intake.err = perform.given_up(self.t, why)
    intake.ended = true
  end
end

--- Waits for the response's headers.
---@return luvcurl.StreamResponse|nil
---@return luvcurl.Error|nil err
function Reader:answer()
  while not self.res and not self.intake.ended do
    self:park()
  end
  if self.res then
    return self.res
  end
  return nil, self.intake.err
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
    local chunk = self.t:take(max)
    if chunk then
      return chunk
    elseif self.intake.ended then
      return nil, self.intake.err
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

--- Ends the transfer with an error of the reader's own.
---@param message string
---@return nil
---@return luvcurl.Error err
function Reader:refuse(message)
  local t = self.t
  local err = errors.new({
    name = 'FILESIZE_EXCEEDED', code = 63, message = message, url = t:url(), phase = 'body',
    timings = t:timings(), response = self.res,
  })
  self.buffer = nil
  t:cancel()
  return nil, err
end

local function too_long(self, max)
  return self:refuse(('a line is longer than max_line (%d bytes)'):format(max))
end

--- Takes what `buffer` has of a line.
---@return string piece
---@return boolean whole  the line ends there
local function piece_of_line(self)
  local buffer, pos = self.buffer, self.pos
  local stop = buffer:find('\n', pos, true)
  if stop and stop < #buffer then
    self.pos = stop + 1
  else
    self.buffer = nil
  end
  return buffer:sub(pos, stop and stop - 1), stop ~= nil
end

--- The next line without its LF or CRLF; what the last one has when the body ends without.
---@param max integer  bytes that a line may have
---@return string|nil
---@return luvcurl.Error|nil
function Reader:line(max)
  local parts, size, whole = nil, 0, false
  local piece
  while not whole do
    if not self.buffer then
      local chunk, err = self:take()
      if err then
        return nil, err
      elseif not chunk then
        break
      end
      self.buffer, self.pos = chunk, 1
    end
    if piece then
      parts = parts or {}
      parts[#parts + 1] = piece
    end
    piece, whole = piece_of_line(self)
    size = size + #piece
    if size > max + 1 then -- one may be a CR
      return too_long(self, max)
    end
  end
  if parts then
    parts[#parts + 1] = piece
    piece = table.concat(parts)
  end
  if whole and piece:byte(-1) == 13 then
    piece = piece:sub(1, -2)
  end
  if piece and #piece > max then
    return too_long(self, max)
  end
  return piece
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

--- Throws away all that is left.
---@return integer|nil bytes  how much that was
---@return luvcurl.Error|nil
function Reader:discard()
  self:place() -- raises now, or what is left would be lost without a word
  local bytes = self.buffer and #self.buffer - self.pos + 1 or 0
  self.buffer = nil
  bytes = bytes + self.t:discard()
  while not self.intake.ended do
    self:park()
  end
  if self.intake.err then
    return nil, self.intake.err
  end
  return bytes + self.t:discard()
end

return Reader
