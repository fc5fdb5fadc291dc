-- GOAWAY names the last stream that the server acts on: what lies above has not been accepted, and
-- is sent again over a new connection, whatever its method; what lies below is not.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local http2 = require 'spec.support.faults.http2_server'
local servers = require 'spec.support.servers'

local frame = http2.frame
local SWITCH = 'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'

local function goaway(last, code)
  return frame(http2.GOAWAY, 0, 0, http2.u32(last) .. http2.u32(code or http2.NO_ERROR))
end

local function answer(stream)
  return frame(http2.HEADERS, http2.END_HEADERS + http2.END_STREAM, stream, http2.block(204))
end

-- The first connection is upgraded, and its first request answered, as stream 1; then `go(conn)`.
-- Further ones are answered by HTTP/1.1, with what they have brought.
local function leaving(go)
  local server
  server = fault.serve(function(conn)
    local first = server.connections == 1
    local request = first and conn:head() or conn:request()
    if not first then
      server.got = request.body
      conn:send(fault.response { body = request.method })
      return conn:stall()
    end
    conn:send(SWITCH .. frame(http2.SETTINGS, 0, 0))
    conn:read_bytes(24)
    conn.greeted = true
    conn:send(answer(1))
    go(conn)
  end)
  return server
end

-- Reads until the client's second request has come, with its body.
local function second(conn)
  local stream = assert(http2.request(conn))
  assert.equal(3, stream)
  return stream
end

local ENDS = {
  ['and stays open'] = function(conn) conn:stall() end,
  ['and closes'] = function(conn) conn:sleep(20) conn:close() end,
}

local WAYS = {
  ['before the request'] = function(conn) conn:send(goaway(1)) end,
  ['after it came'] = function(conn)
    second(conn)
    conn:send(goaway(1))
  end,
  ['twice, as a server that drains'] = function(conn)
    second(conn)
    conn:send(goaway(2147483647))
    conn:sleep(10)
    conn:send(goaway(1))
  end,
}

local BODIES = {
  ['a string'] = function() return 'data' end,
  ['a function'] = function()
    local given
    return { read = function()
      if not given then
        given = true
        return 'data'
      end
    end, rewind = function() given = false end }
  end,
}

local function ask(session, url, request)
  request.url, request.http_version, request.timeout = url, '2', 20000
  return session.request(request)
end

describe('a request that a GOAWAY has not accepted', function()
  for way, go in pairs(WAYS) do
    for what, finish in pairs(ENDS) do
      for name, body in pairs(BODIES) do
        for _, method in ipairs { 'POST', 'PUT' } do
          it(('is sent again: %s, %s, %s of %s'):format(way, what, method, name), function()
            helper.run(function()
              local server = leaving(function(conn)
                go(conn)
                finish(conn)
              end)
              local session = curl.session()
              helper.defer(function() session.close() end)
              assert.equal(204, assert(ask(session, server.url, {})).status)
              helper.sleep(20)
              local res, err = ask(session, server.url, { method = method, body = body() })
              assert.is_nil(err, tostring(err))
              assert.same({ 200, method, 'data' }, { res.status, res.body, server.got })
              assert.equal(2, server.connections)
            end)
          end)
        end
      end
    end
  end
end)

describe('a request that a GOAWAY has accepted', function()
  it('is answered', function()
    helper.run(function()
      local server = leaving(function(conn)
        second(conn)
        conn:send(goaway(3))
        conn:sleep(20)
        conn:send(answer(3))
        conn:stall()
      end)
      local session = curl.session()
      helper.defer(function() session.close() end)
      assert(ask(session, server.url, {}))
      local res = assert(ask(session, server.url, { method = 'POST', body = 'data' }))
      assert.equal(204, res.status)
      assert.equal(1, server.connections)
    end)
  end)

  it('and is not answered is not sent again', function()
    helper.run(function()
      local server = leaving(function(conn)
        second(conn)
        conn:send(goaway(3))
        conn:sleep(20)
      end)
      local session = curl.session()
      helper.defer(function() session.close() end)
      assert(ask(session, server.url, {}))
      local res, err = ask(session, server.url, { method = 'POST', body = 'data' })
      assert.is_nil(res)
      assert.is_string(err.name)
      assert.equal(1, server.connections)
    end)
  end)
end)

describe('a server that says GOAWAY after each answer', function()
  it('is asked over new connections, by POST', function()
    helper.run(function()
      local session = curl.session { tls = { ca_file = servers.certs.ca } }
      helper.defer(function() session.close() end)
      for i = 1, 10 do
        local res, err = session.post(servers.nginx.tls_goaway_url .. '/sink', { body = 'data' })
        assert.is_nil(err, i .. tostring(err))
        assert.equal(200, res.status)
      end
    end)
  end)
end)
