-- Which version of HTTP a connection speaks is agreed on beforehand, and decides how many requests
-- it may carry at once. Requests that differ in it share no connection, and no server settles it by
-- itself.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'

-- A server that keeps its answers, each the path that was asked for, until `server.go` is set. A
-- connection that was asked twice by then has the second request read late; what is no HTTP/1 is
-- left alone.
local function holding(answer)
  local server
  server = fault.serve(function(conn)
    while true do
      local request = conn:head()
      if not request then
        return
      elseif request.path == '*' then
        server.preface = true
        return conn:stall()
      end
      server.asked = server.asked + 1
      while not server.go do
        conn:sleep(5)
      end
      conn:send(answer and answer(request.path) or fault.response { body = request.path })
    end
  end)
  server.asked = 0
  return server
end

local function until_true(what)
  while not what() do
    helper.sleep(2)
  end
end

describe('one Multi', function()
  -- libcurl 7.88 took every connection to a server for one that carries several requests, once
  -- HTTP/2 had been tried over one of them.
  it('asks by HTTP/1 and, by prior knowledge, HTTP/2, and swaps no answers', function()
    helper.run(function()
      local server = holding()
      local m = curl.Multi:new()
      helper.defer(function() m:close() end)
      local function ask(path)
        m:add({ url = server.url .. path, timeout = 20000 }, helper.expect(1, function(err, res)
          assert.is_nil(err)
          assert.equal(path, res.body)
        end))
      end
      for round = 1, 3 do
        ask('/first' .. round)
        until_true(function() return server.asked >= 1 + (round - 1) * 4 end)
        server.preface = false
        local prior = m:add({ url = server.url .. '/prior', http_version = 'prior-knowledge' },
          helper.expect(1, function(err) assert.is_table(err) end))
        until_true(function() return server.preface end)
        for i = 1, 3 do
          ask(('/%d-%d'):format(round, i))
        end
        until_true(function() return server.asked >= round * 4 end)
        prior:cancel()
      end
      assert.equal(12 + 3, server.connections)
      server.go = true
    end)
  end)
end)

describe('a status line of HTTP/2', function()
  for line, settings in pairs {
    ['HTTP/2 200 OK'] = {},
    ['HTTP/2 200'] = {},
    ['HTTP/2 200 '] = { http_version = '2' },
    ['HTTP/3 200'] = {},
  } do
    it(('over plain HTTP/1 is an error (%q)'):format(line), function()
      helper.run(function()
        local server = fault.serve(line .. '\r\nContent-Length: 2\r\n\r\nok')
        settings.url = server.url
        local res, err = curl.request(settings)
        assert.is_nil(res)
        assert.is_true(err.name == 'WEIRD_SERVER_REPLY' or err.name == 'UNSUPPORTED_PROTOCOL',
          tostring(err))
      end)
    end)
  end

  -- libcurl < 8.13 believed it, and put several requests on the server's other connections.
  it('does not have the server asked several things at once', function()
    helper.run(function()
      local server = holding(function(path)
        if path == '/lie' then
          return 'HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\nok'
        end
        return fault.response { body = path }
      end)
      local m = curl.Multi:new()
      helper.defer(function() m:close() end)
      local function ask(path, check)
        m:add({ url = server.url .. path, timeout = 20000 }, helper.expect(1, check
          or function(err, res)
            assert.is_nil(err)
            assert.equal(path, res.body)
          end))
      end
      local lied = false
      ask('/kept')
      until_true(function() return server.asked == 1 end)
      ask('/lie', function(err) lied = err.name end)
      until_true(function() return server.asked == 2 end)
      -- One connection waits, the other has its lie.
      server.go = true
      until_true(function() return lied end)
      server.go = false
      for i = 1, 4 do
        ask('/' .. i)
      end
      until_true(function() return server.asked == 6 end)
      server.go = true
    end)
  end)
end)

describe('what options.resolve says', function()
  it('is for the requests that say it', function()
    helper.run(function()
      local server = fault.serve(fault.response { body = 'ok' })
      local url = ('http://pinned.invalid:%d/'):format(server.port)
      local pins = { resolve = { ('pinned.invalid:%d:127.0.0.1'):format(server.port) } }
      for _ = 1, 2 do
        assert.equal('ok', assert(curl.get(url, { options = pins })).body)
        local res, err = curl.get(url)
        assert.is_nil(res)
        assert.equal('COULDNT_RESOLVE_HOST', err.name)
      end
    end)
  end)
end)

describe('a request that says where it goes out from', function()
  it('and one that does not share no connection', function()
    helper.run(function()
      local server = fault.serve(fault.response { body = 'ok' })
      for _ = 1, 2 do
        assert(curl.get(server.url, { options = { interface = 'host!127.0.0.2' } }))
        assert(curl.get(server.url))
      end
      assert.equal(2, server.connections)
    end)
  end)
end)

