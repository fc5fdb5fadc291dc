-- One connection of the fault server, as its handler sees it. What reads, sends or sleeps yields.

local helper = require 'spec.support.helper'

local uv = helper.uv

---@class FaultConnection
---@field sent integer bytes the kernel has taken: what the client let us send
---@field received integer bytes that were read
---@field closed boolean by us or by the client
local Connection = {}
Connection.__index = Connection

--- Wraps an accepted tcp handle.
---@param tcp userdata
---@param on_close fun(conn: FaultConnection)
---@return FaultConnection
function Connection.new(tcp, on_close)
  return setmetatable({ tcp = tcp, on_close = on_close, buffer = '', sent = 0, received = 0,
    closed = false }, Connection)
end

-- Calls start(done) and yields until done(...) is called. A connection that is closed meanwhile
-- never wakes its handler again.
function Connection:wait(start)
  local co, results = coroutine.running(), nil
  start(function(...)
    results = { ... }
    if not self.closed and coroutine.status(co) == 'suspended' then
      helper.resume(co)
    end
  end)
  while not results do
    coroutine.yield()
  end
  return results[1], results[2]
end

--- Yields until the client sends something.
---@return string|nil chunk nil when the client closed or reset
---@return string|nil err why
function Connection:read()
  if self.ended then
    return nil, self.ended
  end
  local err, chunk = self:wait(function(done)
    self.tcp:read_start(function(...)
      self.tcp:read_stop()
      done(...)
    end)
  end)
  if chunk then
    self.received = self.received + #chunk
  else
    self.ended = err or 'EOF'
  end
  return chunk, self.ended
end

function Connection:read_until(pattern)
  while true do
    local _, stop = self.buffer:find(pattern)
    if stop then
      local part = self.buffer:sub(1, stop)
      self.buffer = self.buffer:sub(stop + 1)
      return part
    end
    local chunk = self:read()
    if not chunk then
      return nil
    end
    self.buffer = self.buffer .. chunk
  end
end

--- Reads n bytes of what the client sends, fewer when it ends.
---@param n integer
---@return string
function Connection:read_bytes(n)
  local parts, size = { self.buffer }, #self.buffer
  while size < n do
    local chunk = self:read()
    if not chunk then
      break
    end
    parts[#parts + 1], size = chunk, size + #chunk
  end
  local all = table.concat(parts)
  self.buffer = all:sub(n + 1)
  return all:sub(1, n)
end

--- Reads a request's head; nil when the client closed instead.
---@return { method: string, path: string, headers: table<string, string>, head: string }|nil
function Connection:head()
  local head = self:read_until('\r\n\r\n')
  if not head then
    return nil
  end
  local method, path = head:match('^(%S+) (%S+)')
  local headers = {}
  for name, value in head:gmatch('\r\n([^:\r\n]+):[ \t]*([^\r\n]*)') do
    headers[name:lower()] = value
  end
  return { method = method, path = path, headers = headers, head = head }
end

--- Reads the body that belongs to a head, by its Content-Length or its chunks. Answers an
--- Expect: 100-continue first.
---@param request table what head() returned
---@return string
function Connection:body(request)
  if (request.headers.expect or ''):lower() == '100-continue' then
    self:send('HTTP/1.1 100 Continue\r\n\r\n')
  end
  if (request.headers['transfer-encoding'] or ''):lower() ~= 'chunked' then
    return self:read_bytes(tonumber(request.headers['content-length']) or 0)
  end
  local parts = {}
  while true do
    local size = tonumber((self:read_until('\r\n') or ''):match('^%x+') or '', 16)
    if not size or size == 0 then
      self:read_until('\r\n')
      return table.concat(parts)
    end
    parts[#parts + 1] = self:read_bytes(size)
    self:read_bytes(2)
  end
end

--- Reads a whole request; nil when the client closed instead.
---@return table|nil request head()'s fields and body
function Connection:request()
  local request = self:head()
  if request then
    request.body = self:body(request)
  end
  return request
end

--- Sends bytes and yields until the kernel has taken all of them.
---@param bytes string
---@return boolean|nil sent
---@return string|nil err when the client is gone
function Connection:send(bytes)
  if self.closed then
    return nil, 'closed'
  end
  local err = self:wait(function(done)
    local ok, problem = self.tcp:write(bytes, done)
    if not ok then
      done(problem)
    end
  end)
  if err then
    return nil, err
  end
  self.sent = self.sent + #bytes
  return true
end

--- Sends text in pieces of `size` bytes with pauses of `ms` milliseconds between them.
---@param bytes string
---@param size integer
---@param ms integer
---@return boolean|nil sent
function Connection:dribble(bytes, size, ms)
  for first = 1, #bytes, size do
    if not self:send(bytes:sub(first, first + size - 1)) then
      return nil
    end
    self:sleep(ms)
  end
  return true
end

--- Sends one block again and again until `total` bytes are out or the client is gone.
---@param block string
---@param total integer|nil bytes; default: for ever
---@return integer sent bytes of this call
function Connection:flood(block, total)
  local start = self.sent
  while self.sent - start < (total or math.huge) do
    if not self:send(block) then
      break
    end
  end
  return self.sent - start
end

--- Yields for a while.
---@param ms integer milliseconds
function Connection:sleep(ms)
  self.timer = self.timer or uv.new_timer()
  uv.update_time()
  self:wait(function(done) self.timer:start(ms, 0, done) end)
end

--- Does nothing, and reads nothing, until the test ends.
function Connection:hang()
  self:wait(function() end)
end

--- Answers nothing, and returns when the client goes away.
---@return string err 'EOF' or the error
function Connection:stall()
  while self:read() do end
  return self.ended
end

--- Ends our side: the client reads an end of file.
function Connection:shutdown()
  self.tcp:shutdown()
end

function Connection:finish(close)
  if self.closed then
    return
  end
  self.closed = true
  close(self.tcp)
  if self.timer then
    self.timer:close()
  end
  self.on_close(self)
end

function Connection:close()
  self:finish(self.tcp.close)
end

--- Closes with an RST, so that the client gets ECONNRESET.
function Connection:reset()
  self:finish(self.tcp.close_reset)
end

return Connection
