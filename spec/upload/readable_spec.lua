-- Bodies that are streams as luvit has them: a server's request, fs.createReadStream,
-- process.stdin.

local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local streams = require 'spec.support.luvit_streams'

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

local BLOCK = ('0123456789abcdef'):rep(1024)

local function blocks(count)
  local list = {}
  for i = 1, count do
    list[i] = BLOCK
  end
  return list
end

-- What luvit makes of a request that comes in.
local function incoming(chunks, headers)
  local stream = streams.of(chunks)
  stream.method, stream.headers = 'PUT', headers
  return stream
end

local function paused(stream)
  return stream.flowing == false and stream:listeners() == 0
end

describe('a body that is a stream of luvit\'s kind', function()
  runs('goes out whole, in chunks', function()
    local server = echo.serve()
    for _, chunks in ipairs { {}, { 'a' }, { 'one ', 'two ', 'three' }, blocks(100) } do
      server.asked[1] = nil
      local stream = streams.of(chunks)
      assert.equal(200, assert(curl.put(server.url, { body = stream })).status)
      assert.is_true(server.asked[1].body == table.concat(chunks))
      assert.equal('chunked', server.asked[1].headers['transfer-encoding'])
      assert.equal(0, stream:listeners())
    end
  end)

  runs('may be a part of a form', function()
    local server = echo.serve()
    local part = { name = 'f', body = streams.of { 'one ', 'two' } }
    assert(curl.post(server.url, { multipart = { part } }))
    assert.matches('one two', server.asked[1].body)
  end)

  runs('goes out with its length, where it is a request that says it', function()
    local server = echo.serve()
    local stream = incoming({ 'one ', 'two' }, { ['content-length'] = '7' })
    assert(curl.put(server.url, { body = stream }))
    assert.equal('7', server.asked[1].headers['content-length'])
    assert.equal('one two', server.asked[1].body)
  end)

  runs('is not taken for whole when its client has gone in the middle', function()
    local server = echo.serve()
    local stream = incoming({ 'one ' }, { ['content-length'] = '7' })
    local res, err = curl.put(server.url, { body = stream })
    assert.is_nil(res)
    assert.matches('the body is shorter than its Content%-Length of 7 bytes', err.message)
  end)

  runs('waits while the server does not read', function()
    local given = 0
    local stream = streams.readable(function(push)
      streams.soon(function()
        given = given + 1
        push(given <= 2000 and BLOCK or nil)
      end)
    end)
    local goes_on = false
    local server = fault.serve(function(conn)
      local request = conn:head()
      while not goes_on do
        conn:sleep(10)
      end
      request.body = conn:body(request)
      conn:send(fault.response { body = tostring(#request.body) })
    end)
    local res, err
    curl.put(server.url, { body = stream }, helper.expect(1, function(e, r) res, err = r, e end))
    local before
    repeat -- until all stand still
      before = given
      helper.sleep(300)
    until before > 0 and before == given
    assert.is_true(given < 1500, given .. ' blocks taken that nobody reads')
    assert.is_false(stream.flowing)
    goes_on = true
    helper.wait_for(function() return res or err end)
    assert.equal(tostring(2000 * #BLOCK), res and res.body or err)
  end)

  runs('ends the transfer with its error, and when it is closed', function()
    for text, destroy in pairs {
      ['the body stream failed: EIO: i/o error'] = function(stream)
        stream:destroy('EIO: i/o error')
      end,
      ['the body stream was closed'] = function(stream) stream:destroy() end,
    } do
      local stream
      stream = streams.readable(function()
        streams.soon(function() destroy(stream) end)
      end)
      local res, err = curl.put(fault.silent().url, { body = stream })
      assert.is_nil(res)
      assert.equal(text, err.message)
      assert.equal(0, stream:listeners())
    end
  end)

  runs('is refused when it has ended before', function()
    local stream = streams.of { 'read by somebody else' }
    stream:on('data', function() end)
    helper.wait_for(function() return stream._readableState.endEmitted end)
    local closed = streams.of {}
    closed:destroy()
    for _, one in ipairs { stream, closed } do
      local res, err = curl.put(echo.serve().url, { body = one })
      assert.is_nil(res)
      assert.equal('the body stream has ended before the request began', err.message)
    end
  end)

  runs('refuses what are no bytes', function()
    local res, err = curl.put(echo.serve().url, { body = streams.of { {} } })
    assert.is_nil(res)
    assert.equal('the body stream gave a table, not a string', err.message)
  end)

  runs('is let go of, paused, when the transfer ends early', function()
    local server = fault.serve(function(conn)
      conn:head()
      conn:send('HTTP/1.1 413 Too large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
      conn:stall()
    end)
    local endless = streams.readable(function(push)
      streams.soon(function() push(BLOCK) end)
    end)
    assert.equal(413, assert(curl.put(server.url, { body = endless })).status)
    assert.is_true(paused(endless))
    assert.is_nil(endless.destroyed)
    local idle = streams.readable(function() end)
    local t = curl.put(fault.silent().url, { body = idle }, helper.expect(1))
    helper.sleep(50)
    t:cancel()
    helper.wait_for(function() return paused(idle) end)
  end)

  runs('is not touched before its request is under way', function()
    local stream = streams.of { 'late' }
    local multi = curl.Multi:new { max_concurrent = 1 }
    local first = multi:add(fault.silent().url, helper.expect(1))
    local server = echo.serve()
    multi:add({ url = server.url, method = 'PUT', body = stream }, helper.expect(1))
    helper.sleep(30)
    assert.equal(0, stream:listeners())
    first:cancel()
    helper.wait_for(function() return server.asked[1] end)
    assert.equal('late', server.asked[1].body)
  end)
end)
