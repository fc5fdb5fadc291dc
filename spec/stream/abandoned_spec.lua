-- A stream that nobody can read any more is let go when the collector finds that out; one that
-- somebody can is not.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'

local HEAD = 'HTTP/1.1 200 Fine\r\nContent-Length: 8\r\n\r\n'

-- Sends half of a body; `rest(conn)` comes then. `server.left` is true when the client is gone.
local function half(rest)
  local server
  server = fault.serve(function(conn)
    conn:request()
    conn:send(HEAD .. 'half')
    if rest then
      rest(conn)
    end
    conn:stall()
    server.left = true
  end)
  return server
end

-- The collector may need several rounds: what one finalizer lets go, the next round finds.
local function wait_until_left(server)
  helper.wait_for(function()
    helper.collect()
    return server.left
  end)
end

describe('a stream is let go', function()
  it('when its response is dropped', function()
    local server = half()
    helper.run(function()
      assert(curl.stream(server.url))
      wait_until_left(server)
    end)
  end)

  it('when it was given to a callback that forgets it', function()
    local server = half()
    local t = curl.stream(server.url, helper.expect(1, function(err, res)
      assert.is_nil(err)
      assert.equal(200, res.status)
    end))
    -- Not in a coroutine: what the callback has left on the main stack is to be wiped off.
    wait_until_left(server)
    assert.equal('done', t:state())
    assert.equal('ABORTED_BY_CALLBACK', (t:failure()))
  end)

  it('when its body has filled all that it may', function()
    local server
    server = fault.serve(function(conn)
      conn:request()
      conn:send('HTTP/1.1 200 Fine\r\n\r\n')
      conn:flood(('x'):rep(65536))
      server.left = true
    end)
    helper.run(function()
      assert(curl.stream(server.url, { high_water = 1000 }))
      helper.sleep(100)
      wait_until_left(server)
    end)
  end)

  it('when its reader dies of something else', function()
    local server = half()
    local reading = false
    local reader = coroutine.create(function()
      local res = assert(curl.stream(server.url))
      assert(res:read())
      reading = true
      coroutine.yield()
      res:close()
    end)
    helper.run(function()
      coroutine.resume(reader)
      helper.wait_for(function() return reading end)
      for _ = 1, 3 do
        collectgarbage()
        helper.sleep(10)
      end
      assert.is_nil(server.left)
      reader = nil -- nobody will resume it again
      wait_until_left(server)
    end)
  end)
end)

describe('a stream is kept', function()
  local function collecting(conn)
    for _ = 1, 3 do
      conn:sleep(10)
      collectgarbage()
      collectgarbage()
    end
    conn:send('half')
  end

  local function kept(name, read)
    it(name, function()
      local server = half(collecting)
      helper.run(function() assert.equal('halfhalf', read(server.url)) end)
    end)
  end

  kept('while its reader waits', function(url)
    return curl.stream(url):text()
  end)

  kept('by an iterator over chunks', function(url)
    local parts = {}
    local next_chunk = curl.stream(url):chunks()
    while true do
      collectgarbage()
      local chunk = next_chunk()
      if not chunk then
        return table.concat(parts)
      end
      parts[#parts + 1] = chunk
    end
  end)

  kept('by an iterator over lines', function(url)
    local next_line = curl.stream(url):lines()
    collectgarbage()
    helper.sleep(5)
    collectgarbage()
    return (next_line())
  end)

  kept('by who reads an exact size', function(url)
    return curl.stream(url):read(8)
  end)

  it('until its callback was called', function()
    local server = fault.serve(function(conn)
      conn:request()
      collecting(conn)
      conn:stall()
    end)
    -- "half" is no response: any answer but the cancelled one would do
    curl.stream(server.url, helper.expect(1, function(err)
      assert.equal('UNSUPPORTED_PROTOCOL', err.name)
    end))
    helper.run(function() end)
  end)
end)
