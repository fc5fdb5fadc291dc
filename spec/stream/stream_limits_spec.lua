-- What a server can make a reader keep, or do: lines and events without an end, reconnections.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'

local HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'
local MB = 2 ^ 20

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

-- A server that sends `first` and then `piece` until nobody wants more.
local function endless(first, piece)
  return fault.serve(function(conn)
    conn:request()
    if conn:send(HEAD .. first) then
      while conn:send(piece) do end
    end
  end)
end

local function sends(bytes)
  return fault.serve(function(conn)
    conn:request()
    conn:send(HEAD .. bytes)
  end)
end

-- The error that ends the iteration, after `count` values.
local function ends_with(iterator, count)
  for _ = 1, count do
    assert.truthy(iterator())
  end
  local ok, err = pcall(iterator)
  assert.is_false(ok)
  return err
end

describe('a line', function()
  it('without an end is an error', function()
    local server = endless('first\n', ('x'):rep(65536))
    local res = assert(curl.stream(server.url))
    local err = ends_with(res:lines(), 1)
    assert.equal('FILESIZE_EXCEEDED: a line is longer than max_line (1048576 bytes)', tostring(err))
    assert.equal(200, err.response.status)
    helper.wait_for(function() return next(server.open) == nil end)
  end)

  it('may have as many bytes as max_line', function()
    for _, stop in ipairs { '\n', '\r\n' } do
      local text = ('x'):rep(9) .. stop .. ('y'):rep(10) .. stop .. ('z'):rep(11) .. stop
      local lines = assert(curl.stream(sends(text).url)):lines { max_line = 10 }
      assert.same({ ('x'):rep(9), ('y'):rep(10) }, { lines(), lines() })
      assert.equal('FILESIZE_EXCEEDED', ends_with(lines, 0).name)
    end
    local lines = assert(curl.stream(sends(('y'):rep(2 * MB)).url)):lines { max_line = 2 * MB }
    assert.equal(2 * MB, #lines())
  end)

  it('has its options checked', function()
    local res = assert(curl.stream(sends('x').url))
    assert.has_error(function() res:lines { max = 1 } end,
      "unknown field of response:lines 'max'")
    assert.has_error(function() res:lines { max_line = 0 } end,
      'response:lines.max_line: expected a number of bytes, 1 or more, got 0')
  end)
end)

describe('an event', function()
  for what, piece in pairs { line = ('x'):rep(65536), ['lot of lines'] = 'data: x\n',
    comment = ': ' .. ('x'):rep(65536) } do
    it('that is a ' .. what .. ' without an end is an error', function()
      piece = #piece < 100 and piece:rep(8192) or piece
      local server = endless('data: a\n\ndata: b', piece)
      local res = assert(curl.stream(server.url))
      local err = ends_with(res:events { reconnect = true, retry = 1 }, 1)
      assert.equal('FILESIZE_EXCEEDED: an event is larger than max_event (1048576 bytes)',
        tostring(err))
      assert.equal(1, server.connections)
      helper.wait_for(function() return next(server.open) == nil end)
    end)
  end

  it('may have as many bytes as max_event', function()
    local server = sends(('data: %s\n\n'):rep(3):format(('x'):rep(9), ('y'):rep(10), ('z'):rep(12)))
    local events = assert(curl.stream(server.url)):events { max_event = 10 }
    assert.same({ ('x'):rep(9), ('y'):rep(10) }, { events().data, events().data })
    assert.equal('FILESIZE_EXCEEDED', ends_with(events, 0).name)
  end)
end)

describe('a server that asks for reconnections at once', function()
  -- Counted over half a second; only a lower bound of the waits is a promise.
  local function connections(body)
    local server = fault.serve(function(conn)
      conn:request()
      conn:send(HEAD .. body)
    end)
    local res = assert(curl.stream(server.url))
    local over = false
    coroutine.wrap(function()
      local events = res:events { reconnect = true }
      while events() do end
      over = true
    end)()
    helper.sleep(550)
    res:close()
    helper.wait_for(function() return over end)
    return server.connections
  end

  runs('gets one in a tenth of a second', function()
    local count = connections('retry: 0\ndata: x\n\n')
    assert.is_true(count >= 2 and count <= 7, count .. ' connections')
  end)

  runs('gets them ever less often while it has no event', function()
    local count = connections('retry: 0\n\n') -- at 0, 100, 300, 700 ms
    assert.is_true(count >= 2 and count <= 4, count .. ' connections')
  end)
end)
