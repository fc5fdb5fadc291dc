-- A server for what no real one does, in the loop of the test. The handler runs in a coroutine for
-- each connection and says byte by byte what happens:
--
--     local server = fault.serve(function(conn)
--       local request = conn:request()                 -- { method, path, headers, head, body }
--       conn:send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
--       conn:reset()
--     end)
--     curl.get(server.url .. '/', …)
--
-- Servers end with their test.

local helper = require 'spec.support.helper'
local Connection = require 'spec.support.fault_connection'

local uv = helper.uv
local fault = {}

---@class FaultServer
---@field url string without a slash at its end
---@field port integer
---@field connections integer how many were accepted
---@field list FaultConnection[] all of them, in order
local Server = {}
Server.__index = Server

function Server:close()
  if self.tcp then
    self.tcp:close()
    self.tcp = nil
  end
  for conn in pairs(self.open) do
    conn:close()
  end
end

--- Bytes all connections were able to send.
---@return integer
function Server:sent()
  local total = 0
  for _, conn in ipairs(self.list) do
    total = total + conn.sent
  end
  return total
end

local function accept(server, options)
  local tcp = uv.new_tcp()
  assert(server.tcp:accept(tcp))
  tcp:nodelay(true)
  if options.send_buffer then
    uv.send_buffer_size(tcp, options.send_buffer)
  end
  local conn = Connection.new(tcp, function(conn) server.open[conn] = nil end)
  server.connections = server.connections + 1
  server.list[#server.list + 1] = conn
  server.open[conn] = true
  helper.resume(coroutine.create(function()
    server.handler(conn)
    conn:close()
  end))
end

local function listen(server, backlog, on_connection)
  server.tcp = uv.new_tcp()
  assert(server.tcp:bind('127.0.0.1', 0))
  assert(server.tcp:listen(backlog, on_connection))
  server.port = server.tcp:getsockname().port
  server.url = ('http://127.0.0.1:%d'):format(server.port)
  helper.defer(function() server:close() end)
  return server
end

--- Starts a server on a free port. A string instead of a handler is sent after each request.
--- The connection is closed when the handler returns.
---@param handler string|fun(conn: FaultConnection)
---@param options { send_buffer: integer|nil }|nil bytes of SO_SNDBUF
---@return FaultServer
function fault.serve(handler, options)
  if type(handler) == 'string' then
    local answer = handler
    handler = function(conn)
      while conn:request() and conn:send(answer) do end
    end
  end
  local server = setmetatable({ handler = handler, connections = 0, list = {}, open = {} }, Server)
  return listen(server, 511, function(err)
    assert(not err, err)
    accept(server, options or {})
  end)
end

--- Accepts and never answers.
---@return FaultServer
function fault.silent()
  return fault.serve(function(conn) conn:stall() end)
end

--- A URL whose port nothing listens on.
---@return string url
---@return integer port
function fault.refused()
  local tcp = uv.new_tcp()
  assert(tcp:bind('127.0.0.1', 0))
  local port = tcp:getsockname().port
  tcp:close()
  return ('http://127.0.0.1:%d'):format(port), port
end

--- The bytes of an ordinary response; Content-Length is added unless the headers have a length.
---@param options { status: integer|nil, reason: string|nil, headers: table|nil, body: string|nil,
---  chunked: boolean|nil, version: string|nil } headers is a list of 'Name: value' lines
---@return string
function fault.response(options)
  options = options or {}
  local body = options.body or ''
  local lines = { ('HTTP/%s %d %s'):format(options.version or '1.1', options.status or 200,
    options.reason or 'Fine') }
  local sized = options.chunked
  for _, line in ipairs(options.headers or {}) do
    lines[#lines + 1] = line
    sized = sized or line:lower():match('^content%-length:') ~= nil
  end
  if options.chunked then
    lines[#lines + 1] = 'Transfer-Encoding: chunked'
    body = fault.chunk(body) .. '0\r\n\r\n'
  elseif not sized then
    lines[#lines + 1] = 'Content-Length: ' .. #body
  end
  return table.concat(lines, '\r\n') .. '\r\n\r\n' .. body
end

--- One chunk of a chunked body; none for the empty string, which would end the body.
---@param bytes string
---@return string
function fault.chunk(bytes)
  -- COMPAT: PUC Lua 5.1's %s ends at a NUL.
  return bytes == '' and '' or ('%x\r\n'):format(#bytes) .. bytes .. '\r\n'
end

--- Serves half of a body of 2000 bytes and then does `rest(conn)`.
---@param rest fun(conn: FaultConnection)
---@return FaultServer
function fault.half(rest)
  return fault.serve(function(conn)
    conn:request()
    conn:send('HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n' .. ('a'):rep(1000))
    rest(conn)
  end)
end

--- Serves half of a body, and then nothing.
---@return FaultServer
function fault.stalling()
  return fault.half(function(conn) conn:stall() end)
end

return fault
