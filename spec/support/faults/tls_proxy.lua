-- A TCP proxy in front of a real TLS server that sees the records go by and stops in one of them.

local Connection = require 'spec.support.fault_connection'
local endings = require 'spec.support.faults.endings'
local helper = require 'spec.support.helper'

local uv = helper.uv
local tls_proxy = {}

--- What a record's first byte says that it has.
local APPLICATION_DATA = 23

local function connect(port)
  local tcp = uv.new_tcp()
  local up = Connection.new(tcp, function() end)
  helper.defer(function() up:close() end)
  local err = up:wait(function(done) tcp:connect('127.0.0.1', port, done) end)
  assert(not err, err)
  return up
end

-- The next record of a connection, its head included, and its kind.
local function read_record(conn)
  local head = conn:read_bytes(5)
  if #head < 5 then
    return nil
  end
  local body = conn:read_bytes(head:byte(4) * 256 + head:byte(5))
  return head .. body, head:byte(1)
end

-- Hands on what the client sends until it goes; whether it sent data is noted in `seen`.
local function pump(conn, up, seen)
  helper.resume(coroutine.create(function()
    while true do
      local record, kind = read_record(conn)
      if not record then
        break
      end
      seen.data = seen.data or kind == APPLICATION_DATA
      up:send(record)
    end
    conn:close()
    up:close()
  end))
end

---@class TlsCut
---@field records integer how many of the server's records go through
---@field bytes integer and how many bytes of the next
---@field data boolean|nil whether only those after the client's first data count

--- Plays the proxy for one connection: hands records on as far as `cut` says, then ends by
--- `ending`, or with one byte of the record changed.
---@param conn FaultConnection the client's
---@param port integer the server's
---@param cut TlsCut
---@param ending string of endings.NAMES, or 'a bit changed'
function tls_proxy.play(conn, port, cut, ending)
  local up, seen, count = connect(port), {}, 0
  pump(conn, up, seen)
  while true do
    local record = read_record(up)
    if not record then
      return conn:close()
    end
    if not cut.data or seen.data then
      count = count + 1
    end
    if count > cut.records then
      if ending == 'a bit changed' then
        local at = #record - 2
        conn:send(record:sub(1, at - 1) .. string.char((record:byte(at) + 1) % 256)
          .. record:sub(at + 1))
        return conn:hang()
      end
      if cut.bytes > 0 then
        conn:send(record:sub(1, cut.bytes))
      end
      return endings.finish(ending, conn, record:sub(cut.bytes + 1))
    end
    conn:send(record)
  end
end

--- Hands everything on until the client asks again after server.warm was set; then calls `stop`.
---@param conn FaultConnection
---@param port integer
---@param server FaultServer
---@param stop fun(conn: FaultConnection)
function tls_proxy.until_warm(conn, port, server, stop)
  local up = connect(port)
  helper.resume(coroutine.create(function()
    while true do
      local bytes = conn:read()
      if not bytes or server.warm and not server.stopped then
        server.stopped = bytes ~= nil
        break
      end
      up:send(bytes)
    end
    stop(conn)
    up:close()
  end))
  while true do
    local bytes = up:read()
    if not bytes then
      return conn:hang()
    end
    conn:send(bytes)
  end
end

return tls_proxy
