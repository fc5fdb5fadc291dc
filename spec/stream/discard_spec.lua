-- res:discard(): what is left of a streamed body is thrown away, and its connection is kept.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local nginx = servers.nginx
local MB = 2 ^ 20

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

local function new(settings)
  local session = curl.session(settings)
  helper.defer(function() session.close() end)
  return session
end

describe('res:discard', function()
  runs('throws all away, more than may wait, and keeps the connection', function()
    local session = new { high_water = 1000 }
    local res = assert(session.stream(nginx.url .. '/10m'))
    assert.equal(10 * MB, res:discard())
    assert.equal('done', res.transfer:state())
    assert.same({ nil, nil }, { res:read() })
    assert.equal(0, assert(session.stream(nginx.url .. '/empty')):discard())
    assert.equal(1, session.multi:stats().opened)
    -- which close() does not
    assert(session.stream(nginx.url .. '/10m')):close()
    assert(session.get(nginx.url .. '/small'))
    assert.equal(2, session.multi:stats().opened)
  end)

  runs('throws away what was not read yet', function()
    local res = assert(curl.stream(nginx.url .. '/1m'))
    assert.equal(10, #res:read(10))
    assert.equal(MB - 10, res:discard())
    assert.equal(0, res:discard())

    local server = fault.serve(fault.response { body = 'one\ntwo\nthree\n' })
    local lines = assert(curl.stream(server.url))
    assert.equal('one', lines:lines()())
    assert.equal(#'two\nthree\n', lines:discard())
    assert.is_nil(lines:lines()())
  end)

  runs('throws away what has come already', function()
    local res = assert(curl.stream(nginx.url .. '/1k'))
    helper.wait_for(function() return res.transfer:state() == 'done' end)
    assert.equal(1024, res:discard())
  end)

  runs('counts what was decompressed', function()
    local res = assert(curl.stream(nginx.url .. '/text', { accept_encoding = 'gzip' }))
    assert.equal('gzip', res.headers['content-encoding'])
    assert.equal(#assert(curl.get(nginx.url .. '/text')).body, res:discard())
  end)

  runs('returns the error of what is cut off, too large, late or closed', function()
    local half = fault.serve(function(conn)
      conn:request()
      conn:send('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf')
    end)
    local bytes, err = assert(curl.stream(half.url)):discard()
    assert.same({ nil, 'PARTIAL_FILE', 'body' }, { bytes, err.name, err.phase })

    bytes, err = assert(curl.stream(nginx.url .. '/1m', { max_body = 500000 })):discard()
    assert.same({ nil, 'FILESIZE_EXCEEDED' }, { bytes, err.name })

    local stalls = fault.serve(function(conn)
      conn:request()
      conn:send('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf')
      conn:stall()
    end)
    bytes, err = assert(curl.stream(stalls.url, { idle = 50 })):discard()
    assert.same({ nil, 'OPERATION_TIMEDOUT' }, { bytes, err.name })

    local res = assert(curl.stream(stalls.url))
    res:close()
    bytes, err = res:discard()
    assert.same({ nil, 'ABORTED_BY_CALLBACK' }, { bytes, err.name })
  end)

  runs('waits while the transfer is paused', function()
    local res = assert(curl.stream(nginx.url .. '/10m'))
    res.transfer:pause()
    local bytes
    coroutine.wrap(function() bytes = res:discard() end)()
    helper.sleep(50)
    assert.is_nil(bytes)
    res.transfer:resume()
    helper.wait_for(function() return bytes end)
    assert.equal(10 * MB, bytes)
  end)

  runs('refuses where it cannot wait, and loses nothing by that', function()
    local res = assert(curl.stream(nginx.url .. '/10m')) -- more than may wait
    local problem, text
    local timer = helper.uv.new_timer()
    timer:start(0, 0, function()
      timer:close()
      local ok, err = pcall(res.discard, res)
      problem = ok or err
    end)
    helper.wait_for(function() return problem end)
    assert.matches('inside a luv callback pass a callback', problem)
    coroutine.wrap(function() text = res:text() end)()
    assert.error_matches(function() res:discard() end, 'another coroutine is reading this response')
    helper.wait_for(function() return text end)
    assert.equal(10 * MB, #text)
  end)
end)
