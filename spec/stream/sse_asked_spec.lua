-- How a server is asked for events, and what is said of an answer that has none.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

describe('res:events', function()
  runs('asks for events from the first request on', function()
    local event = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'
      .. 'retry: 100\ndata: x\n\n'
    local asked = {}
    local server = fault.serve(function(conn)
      asked[#asked + 1] = conn:request().headers.accept
      conn:send(event)
    end)
    for _, more in ipairs { {}, { method = 'POST', json = { 1 } } } do
      local request = { events = true }
      for name, value in pairs(more) do request[name] = value end
      local res = assert(curl.stream(server.url, request))
      assert.same({ 'x' }, { res:events { reconnect = true }().data })
      res:close()
    end
    local res = assert(curl.stream(server.url, { events = true, headers = { Accept = 'a/b' } }))
    res:close()
    assert.same({ 'text/event-stream', 'text/event-stream', 'a/b' }, asked)
    local plain = fault.serve(fault.response { body = 'x' })
    res = assert(curl.stream(plain.url))
    local ok, err = pcall(res:events())
    assert.is_false(ok)
    assert.matches('expected 200 and text/event%-stream, the server answered 200 and '
      .. 'no Content%-Type %(the field events = true asks for events%)', err.message)
  end)
end)
