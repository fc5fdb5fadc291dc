--- A stream of luvit's as a request's body (a server's request, fs.createReadStream, a socket,
--- process.stdin), or another that emits 'data', 'end', 'error' and 'close', and can pause. Nothing
--- of it is taken before the request is under way.

local readable = {}

local Readable = {}
Readable.__index = Readable

--- Whether it can be read as one.
---@param value any
---@return boolean
function readable.is(value)
  if type(value) ~= 'table' then
    return false
  end
  for _, name in ipairs({ 'on', 'removeListener', 'pause', 'resume' }) do
    if type(value[name]) ~= 'function' then
      return false
    end
  end
  return true
end

--- luvit says 'end' for a request whose client has gone in the middle, too: only the length that
--- was announced tells.
local function announced(stream)
  local headers = stream.headers
  if type(headers) ~= 'table' or not (stream.method or stream.statusCode)
    or headers['transfer-encoding'] or headers['Transfer-Encoding'] then
    return nil
  end
  local length = tostring(headers['content-length'] or headers['Content-Length'])
  return length:find('^%d+$') and #length <= 15 and tonumber(length) or nil
end

--- Whether all of it was read before, by somebody else.
local function is_over(stream)
  local state = stream._readableState
  return stream.destroyed or (type(state) == 'table' and state.endEmitted)
end

---@param t luvcurl.Transfer
function Readable:listen(t)
  local stream = self.stream
  self.listeners = {
    data = function(chunk)
      stream:pause() -- until the buffer runs low again
      if type(chunk) ~= 'string' then
        return t:fail('the body stream gave a ' .. type(chunk) .. ', not a string')
      end
      self.feed(chunk)
    end,
    ['end'] = function()
      self:leave()
      self.feed(nil)
    end,
    error = function(err)
      self:leave()
      t:fail('the body stream failed: ' .. tostring(err))
    end,
    close = function()
      self:leave()
      t:fail('the body stream was closed')
    end,
  }
  for event, listener in pairs(self.listeners) do
    stream:on(event, listener)
  end
end

--- Takes no more from it.
function Readable:leave()
  for event, listener in pairs(self.listeners or {}) do
    self.stream:removeListener(event, listener)
  end
  self.listeners, self.over = nil, true
end

---@see luvcurl.Sink.read
function Readable:read(t)
  if self.over then
    return
  elseif not self.listeners then
    if is_over(self.stream) then
      return t:fail('the body stream has ended before the request began')
    end
    self:listen(t)
  end
  self.stream:resume()
end

--- The transfer has ended: what is in the stream stays there.
function Readable:close()
  if self.listeners then
    self:leave()
    self.stream:pause()
  end
  self.over = true
end

---@param stream table
---@return table
function readable.new(stream)
  return setmetatable({ stream = stream, expected = announced(stream) }, Readable)
end

return readable
