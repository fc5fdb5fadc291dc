-- Responses that do not begin with HTTP/: RTSP's and Icecast's. Answers whose end is not clear.

local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local library = require 'luvcurl/host/library'

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

local function protocol(name, bit)
  return library.at_least(7, 85) and { protocols_str = name } or { protocols = bit }
end

describe('a response', function()
  runs('of an Icecast server has headers', function()
    local server = fault.serve('ICY 200 OK\r\nicy-name: x\r\nContent-Length: 4\r\n\r\nabcd')
    for _, alias in ipairs { 'ICY 200 OK', 'ICY' } do
      local res = assert(curl.get(server.url, { options = { http200aliases = { alias } } }))
      assert.same({ 200, 'abcd', 'x', 2, 0 },
        { res.status, res.body, res.headers['icy-name'], res.headers:count(),
          res.trailers:count() })
    end
  end)

  runs('of another alias too', function()
    local server = fault.serve('Here you are\r\nX-Name: x\r\nContent-Length: 4\r\n\r\nabcd')
    local res = assert(curl.get(server.url, { options = { http200aliases = { 'Here you' } } }))
    assert.same({ 200, 'abcd', 'x' }, { res.status, res.body, res.headers['x-name'] })
  end)

  runs('of an RTSP server has headers', function()
    local server = echo.serve(function(request)
      return 'RTSP/1.0 404 Not here\r\nCSeq: ' .. request.headers.cseq
        .. '\r\nPublic: DESCRIBE\r\n\r\n'
    end)
    local options = protocol('rtsp', 262144)
    options.rtsp_request, options.rtsp_stream_uri = 1, '*'
    local res = assert(curl.get('rtsp' .. server.url:sub(5), { options = options }))
    assert.same({ 404, 'Not here', 'DESCRIBE', 2, 0 },
      { res.status, res.reason, res.headers.public, res.headers:count(), res.trailers:count() })
  end)
end)

describe('a Content-Length', function()
  local function get(lines)
    local server = fault.serve('HTTP/1.1 200 OK\r\n' .. lines .. '\r\n0123456789')
    return curl.get(server.url)
  end

  runs('that is no plain number, or two that differ, are refused', function()
    for _, lines in ipairs { 'Content-Length: +10\r\n', 'Content-Length: 10, 10\r\n',
      'Content-Length: 10\r\nContent-Length: 4\r\n' } do
      local res, err = get(lines)
      assert.is_nil(res)
      assert.same({ 'WEIRD_SERVER_REPLY', 'wait' }, { err.name, err.phase })
      assert.matches('Content%-Length', err.message)
    end
  end)

  runs('twice the same is one', function()
    assert.equal('0123456789', assert(get('Content-Length: 10\r\nContent-Length: 10\r\n')).body)
  end)

  runs('may be ignored', function()
    local server = fault.serve(function(conn)
      conn:request()
      conn:send('HTTP/1.1 200 OK\r\nContent-Length: +4\r\nConnection: close\r\n\r\n0123456789')
    end)
    local res = assert(curl.get(server.url, { options = { ignore_content_length = true } }))
    assert.equal('0123456789', res.body)
  end)
end)

describe('an answer of 101', function()
  runs('that nobody asked for is an error at once', function()
    local server = fault.serve('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n')
    local res, err = curl.get(server.url)
    assert.is_nil(res)
    assert.same({ 'WEIRD_SERVER_REPLY', 'wait' }, { err.name, err.phase })
    assert.matches('101', err.message)
  end)
end)

describe('headers that begin with a folded line', function()
  runs('are told as such', function()
    local server = fault.serve('HTTP/1.1 200 OK\r\n folded: 1\r\nContent-Length: 0\r\n\r\n')
    -- by a handle that has served nobody yet, and by one that has
    for _ = 1, 2 do
      local res, err = curl.get(server.url, { options = { buffersize = 20480 } })
      if library.number == 7088 or err then
        assert.is_nil(res)
        assert.same({ 'WEIRD_SERVER_REPLY', 'wait' }, { err.name, err.phase })
      else -- other versions leave the line out
        assert.same({ 200, '' }, { res.status, res.body })
      end
    end
  end)
end)

describe('a line of the headers that is too long', function()
  runs('is told as such', function()
    for _, head in ipairs { 'HTTP/1.1 200 OK\r\nX-Long: ', 'HTTP/1.1 200 ' } do
      local server = fault.serve(head .. ('x'):rep(200000) .. '\r\nContent-Length: 0\r\n\r\n')
      local res, err = curl.get(server.url)
      assert.is_nil(res)
      assert.same({ 'TOO_LARGE', 'wait', 'a line of the headers is longer than 100 kB' },
        { err.name, err.phase, err.message })
    end
  end)
end)
