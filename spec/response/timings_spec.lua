-- What a response's timings tell: milliseconds since the transfer was added, up to the end of each
-- step.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local uv = helper.uv

local NAMES = { 'connect', 'queue', 'redirect', 'resolve', 'send', 'tls', 'total', 'wait' }

local function timings_of(request, multi)
  local timings, took
  helper.run(function()
    local began = uv.hrtime()
    local done
    timings = helper.await(function(resume)
      done = helper.expect(1, function(err, res)
        took = (uv.hrtime() - began) / 1e6
        assert.is_nil(err)
        resume(res.timings)
      end)
      local t = (multi or curl.Multi:new()):add(request, done)
      assert.is_userdata(t)
    end)
  end)
  return timings, took
end

local function names_of(timings)
  local names = {}
  for name, value in pairs(timings) do
    assert.is_number(value)
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

-- A test whose limits are times.
local function timed(name, test)
  it(name, helper.timed(test))
end

describe('timings', function()
  it('have these names and rise in this order', function()
    local timings, took = timings_of { url = servers.nginx.tls_http1_url .. '/small',
      tls = { ca_file = servers.certs.ca } }
    assert.same(NAMES, names_of(timings))
    local before = 0
    for _, name in ipairs { 'resolve', 'connect', 'tls', 'send', 'wait', 'total' } do
      assert.is_true(timings[name] > 0, name .. ' has no time')
      assert.is_true(timings[name] >= before, name .. ' comes before the step before it')
      before = timings[name]
    end
    assert.is_true(timings.total <= took + 2, ('%g > %g'):format(timings.total, took))
    assert.equal(0, timings.redirect)
  end)

  it('without TLS have a 0 for it', function()
    local timings = timings_of { url = servers.nginx.url .. '/small' }
    assert.equal(0, timings.tls)
    assert.is_true(timings.connect > 0)
  end)

  timed('tell how long the server waited, and how long the body took', function()
    local server = fault.serve(function(conn)
      conn:request()
      conn:sleep(150)
      conn:send('HTTP/1.1 200 Fine\r\nContent-Length: 4\r\n\r\nha')
      conn:sleep(150)
      conn:send('lf')
      conn:stall()
    end)
    local timings, took = timings_of { url = server.url }
    assert.is_true(timings.send < 100, 'send is ' .. timings.send)
    assert.is_true(timings.wait >= 145 and timings.wait < 290, 'wait is ' .. timings.wait)
    assert.is_true(timings.total >= 290 and timings.total <= took + 2, 'total is ' .. timings.total)
  end)

  timed('tell the time in the queue, which the later steps include', function()
    local server = fault.serve(function(conn)
      while conn:request() do
        conn:sleep(150)
        conn:send(fault.response())
      end
    end)
    local m = curl.Multi:new { max_concurrent = 1 }
    m:add(server.url, helper.expect(1, function(err, res)
      assert.is_nil(err)
      assert.is_true(res.timings.queue < 100, 'queue is ' .. res.timings.queue)
    end))
    local timings, took = timings_of({ url = server.url }, m)
    assert.is_true(timings.queue >= 140 and timings.queue < 290, 'queue is ' .. timings.queue)
    assert.is_true(timings.wait >= 290, 'wait is ' .. timings.wait)
    assert.is_true(timings.total >= 290 and timings.total <= took + 5, 'total is ' .. timings.total)
  end)

  timed('do not count what the script did before', function()
    helper.compute(200)
    local timings, took = timings_of { url = servers.nginx.url .. '/small', timeout = 150 }
    assert.is_true(timings.queue < 100, 'queue is ' .. timings.queue)
    assert.is_true(timings.total <= took + 2, 'total is ' .. timings.total)
  end)

  timed('of a reused connection have no time for the connect', function()
    local m = curl.Multi:new()
    timings_of({ url = servers.nginx.url .. '/small' }, m)
    local timings = timings_of({ url = servers.nginx.url .. '/small' }, m)
    assert.equal(1, m:stats().reused)
    assert.is_true(timings.connect < 2, 'connect is ' .. timings.connect)
  end)

  it('count redirects', function()
    local server = fault.serve(function(conn)
      local request = conn:request()
      while request do
        conn:sleep(100)
        conn:send(request.path == '/' and fault.response { status = 302,
          headers = { 'Location: /there' } } or fault.response())
        request = conn:request()
      end
    end)
    local timings = timings_of { url = server.url }
    assert.is_true(timings.redirect >= 95 and timings.redirect < 190, timings.redirect)
    assert.is_true(timings.total >= 195, timings.total)
  end)
end)
