-- HTTP/2: many transfers on one connection.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local nginx, nghttpd, certs = servers.nginx, servers.nghttpd, servers.certs

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

local function new_multi(settings)
  local multi = curl.Multi:new(settings)
  helper.defer(function() multi:close() end)
  return multi
end

-- Adds requests at once and gives back their responses, in order.
local function all(multi, requests)
  return helper.await(function(done)
    local responses, left = {}, #requests
    for i, request in ipairs(requests) do
      request.tls = { ca_file = certs.ca }
      multi:add(request, function(err, res)
        assert(not err, tostring(err))
        responses[i] = res
        left = left - 1
        if left == 0 then
          done(responses)
        end
      end)
    end
  end)
end

local function different(responses, header)
  local seen, count = {}, 0
  for _, res in ipairs(responses) do
    local value = assert(res.headers[header])
    if not seen[value] then
      seen[value], count = true, count + 1
    end
  end
  return count
end

describe('HTTP/2', function()
  runs('is what a TLS server that can is spoken to in', function()
    local res = assert(curl.get(nginx.tls_url .. '/small', { tls = { ca_file = certs.ca } }))
    assert.equal('2', res.http_version)
    assert.is_nil(res.reason)
    assert.equal('hello world\n', res.body)
    res = assert(curl.get(nginx.tls_http1_url .. '/small', { tls = { ca_file = certs.ca } }))
    assert.same({ '1.1', 'OK' }, { res.http_version, res.reason })
    res = assert(curl.get(nginx.tls_url .. '/echo',
      { tls = { ca_file = certs.ca }, http_version = '1.1' }))
    assert.equal('1.1', res.http_version)
    assert.matches('^GET /echo HTTP/1.1\n', res.body)
  end)

  runs('carries many transfers on one connection', function()
    local multi, requests = new_multi(), {}
    local mark = ('h2-%s-%d'):format(helper.host, helper.uv.hrtime() % 1e9)
    for i = 1, 50 do
      requests[i] = { url = ('%s/16k?%s-%d'):format(nginx.tls_url, mark, i) }
    end
    local responses = all(multi, requests)
    local body = process.read_file(nginx.root .. '/16k')
    for i, res in ipairs(responses) do
      assert.equal('2', res.http_version)
      assert.is_true(res.body == body)
      assert.equal(requests[i].url, res.url)
    end
    assert.equal(1, different(responses, 'X-Connection'))
    assert.equal(50, different(responses, 'X-Requests'))
    local stats = multi:stats()
    assert.same({ 1, 49, 50, 0 }, { stats.opened, stats.reused, stats.finished, stats.failed })

    -- What the server saw: so many requests of ours, all on one connection.
    local connections, count = {}, 0
    local pattern = '%d+ (%d+) %d+ "GET /16k%?' .. mark:gsub('%-', '%%-') .. '%-%d+ HTTP/2%.0"'
    helper.wait_for(function()
      connections, count = {}, 0
      for connection in process.read_file(nginx.log):gmatch(pattern) do
        connections[connection], count = true, count + 1
      end
      return count == 50
    end)
    local first = next(connections)
    assert.is_nil(next(connections, first))
    assert.equal(first, responses[1].headers['x-connection'])
  end)

  runs('takes turns: a small one overtakes a slow one on the same connection', function()
    local multi, order = new_multi(), {}
    local connections = {}
    local function add(path, name)
      multi:add({ url = nginx.tls_url .. path, tls = { ca_file = certs.ca } },
        helper.expect(1, function(err, res)
          assert.is_nil(err)
          order[#order + 1] = name
          connections[#connections + 1] = res.headers['x-connection']
        end))
    end
    add('/1m?rate=800k', 'slow')
    helper.sleep(100)
    add('/small', 'small')
    helper.wait_for(function() return #order == 2 end)
    assert.same({ 'small', 'slow' }, order)
    assert.equal(connections[1], connections[2])
    assert.equal(1, multi:stats().opened)
  end)

  runs('ends one transfer and keeps the others', function()
    local multi = new_multi()
    local function add(path, check)
      return multi:add({ url = nginx.tls_url .. path, tls = { ca_file = certs.ca } },
        helper.expect(1, check))
    end
    local slow = add('/slow', function(err) assert.equal('ABORTED_BY_CALLBACK', err.name) end)
    local connection
    add('/small', function(err, res)
      assert.is_nil(err)
      connection = res.headers['x-connection']
      slow:cancel()
    end)
    helper.wait_for(function() return multi:count() == 0 end)
    local res = all(multi, { { url = nginx.tls_url .. '/small' } })[1]
    assert.equal(connection, res.headers['x-connection'])
  end)

  runs('sends bodies', function()
    local requests = {}
    for i = 1, 20 do
      requests[i] = { url = nghttpd.url .. '/', body = ('body %d '):format(i):rep(1000) }
    end
    local responses = all(new_multi(), requests)
    for i, res in ipairs(responses) do
      assert.equal('2', res.http_version)
      assert.is_true(res.body == requests[i].body)
    end
  end)

  runs('sends and gets a body of megabytes', function()
    local body = ('0123456789abcdef'):rep(2 ^ 17)
    local res = all(new_multi(), { { url = nghttpd.url .. '/', body = body } })[1]
    assert.is_true(res.body == body)
  end)

  -- libcurl < 8.0 began the connection anew with each request.
  runs('with prior knowledge serves request after request, and many at once', function()
    local session = curl.session { http_version = 'prior-knowledge', redirects = 3 }
    helper.defer(function() session.close() end)
    for _ = 1, 3 do
      local res = assert(session.get(nginx.h2c_url .. '/small'))
      assert.equal('2', res.http_version)
    end
    local requests = {}
    for i = 1, 30 do
      requests[i] = { url = nginx.h2c_url .. '/small', http_version = 'prior-knowledge' }
    end
    for _, res in ipairs(all(new_multi(), requests)) do
      assert.equal(200, res.status)
    end
  end)

  runs('with prior knowledge needs no TLS, and a server that speaks it', function()
    local server = fault.serve(function(conn)
      assert.equal('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', conn:read_bytes(24))
      conn:reset()
    end)
    local res, err = curl.get(server.url, { http_version = 'prior-knowledge' })
    assert.is_nil(res)
    assert.is_string(err.name)
    assert.equal('wait', err.phase)
  end)
end)
