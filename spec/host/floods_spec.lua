-- Servers that send faster than anybody reads, or in the dearest way: the loop gets its turn
-- meanwhile. Counted, not timed: how often it came around.

local curl = require 'luvcurl'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local uv, nginx = helper.uv, servers.nginx
local MB = 2 ^ 20

-- Answers every request by this body, whose pieces are all there at once.
local SERVER = [[
import socket, sys, threading
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(('127.0.0.1', int(sys.argv[1])))
listener.listen(16)
body = b'1\r\nx\r\n' * int(sys.argv[2]) + b'0\r\n\r\n'
def serve(conn):
    with conn:
        try:
            if conn.recv(65536):
                conn.sendall(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n' + body)
                conn.recv(1)
        except OSError:
            pass
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
]]

local function chunks_of_one_byte(count)
  local dir = folder.new()
  local script = dir:write('server.py', SERVER)
  local child, ports = process.serve(1, function(port)
    return { name = 'chunks', command = process.find('/usr/bin/python3', 'python3'),
      args = { script, port, tostring(count) }, cwd = dir.path, log = dir:at('log') }
  end)
  return 'http://127.0.0.1:' .. ports[1], child
end

-- How often the loop came around during `work`.
local function turns(work)
  local count = 0
  local check = uv.new_check()
  helper.defer(function() check:close() end)
  check:start(function() count = count + 1 end)
  work()
  check:stop()
  return count
end

local function runs(name, test)
  it(name, function() helper.run(test, 60000) end)
end

local WAYS = {
  ['as a string'] = function(url, fields)
    return #assert(curl.get(url, fields)).body
  end,
  ['by on_data'] = function(url, fields)
    local size = 0
    fields.on_data = function(chunk) size = size + #chunk end
    assert(curl.get(url, fields))
    return size
  end,
  ['that is discarded'] = function(url, fields)
    return assert(assert(curl.stream(url, fields)):discard())
  end,
}

describe('the loop is not held by a body', function()
  for name, get in pairs(WAYS) do
    runs(name .. ', while its server keeps up', function()
      local size = 100 * MB
      local count = turns(function()
        assert.equal(size, get(nginx.url .. '/1g', { range = { 0, size - 1 } }))
      end)
      -- a megabyte each time, or a bit more
      assert.is_true(count > size / MB / 2, count .. ' turns')
    end)

    runs(name .. ', in chunks of one byte', function()
      local size = 2000000
      local url, server = chunks_of_one_byte(size)
      local count = turns(function()
        assert.equal(size, get(url, {}))
      end)
      process.stop { server }
      assert.is_true(count > 20, count .. ' turns')
    end)
  end
end)
