-- What the network does wrong, at each stage: the error's name, its phase, its URL and how far its
-- timings came.

local curl = require 'luvcurl'
local backlog = require 'spec.support.backlog'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local uv = helper.uv

local PHASES = { 'resolve', 'connect', 'tls', 'send', 'wait' }

-- Runs a request that must fail and gives back its error.
local function failure_of(request)
  local err
  helper.run(function()
    local res
    res, err = curl.request(request)
    assert.is_nil(res)
    assert.is_table(err)
  end)
  return err
end

-- libcurl tells the time of the connect when TLS is through too, that of `send` when the request is
-- about to go out, and that of `wait` with the first look for an answer.
local BLURRED = {
  tls = { connect = true }, send = { send = true, wait = true }, wait = { wait = true },
}

-- Steps that were over before the failure have a time, the failed one and those after it have none.
local function check_timings(timings, last)
  local before, reached = 0, true
  local blurred = BLURRED[last] or {}
  for _, phase in ipairs(PHASES) do
    reached = reached and phase ~= last
    if blurred[phase] or phase == 'tls' and timings.tls == 0 then
      before = math.max(before, timings[phase]) -- plain HTTP has no TLS
    elseif reached then
      assert.is_true(timings[phase] > 0, phase .. ' has no time')
      assert.is_true(timings[phase] >= before, phase .. ' is earlier than the step before it')
      before = timings[phase]
    else
      assert.equal(0, timings[phase], phase)
    end
  end
  assert.is_true(timings.total >= before, 'total is less than a step')
end

local function fails(name, phase, request, message)
  local err = failure_of(request)
  assert.same({ name = name, phase = phase, url = request.url },
    { name = err.name, phase = err.phase, url = err.url })
  assert.matches(message, err.message)
  assert.equal(name .. ': ' .. err.message, tostring(err))
  check_timings(err.timings, phase)
  return err
end

-- A timeout must come no earlier than asked for, and not much later.
local function times_out(phase, request, ms, message)
  local before = uv.hrtime()
  local err = fails('OPERATION_TIMEDOUT', phase, request, message)
  local took = (uv.hrtime() - before) / 1e6
  assert.is_true(took > ms * 0.9 and took < ms + 1500, ('took %.0f ms'):format(took))
  assert.equal(28, err.code)
  assert.is_true(err.timings.total >= ms * 0.9, 'total is ' .. err.timings.total)
  assert.is_true(err.timings.total <= took + 1, 'total is ' .. err.timings.total)
end

local function serve(bytes, ending)
  local server = fault.serve(function(conn)
    conn:request()
    conn:send(bytes)
    conn[ending](conn)
  end)
  return server.url .. '/'
end

local HALF = fault.response { body = 'half', headers = { 'Content-Length: 8' } }
local CHUNKED = 'HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n'

describe('a failure', function()
  describe('to connect:', function()
    it('connection refused', function()
      local url = fault.refused() .. '/'
      local err = fails('COULDNT_CONNECT', 'connect', { url = url }, "ould.+t connect to server")
      assert.equal(7, err.code)
    end)

    it('name not found', function()
      local err = fails('COULDNT_RESOLVE_HOST', 'resolve', { url = 'http://nosuchhost.invalid/' },
        'nosuchhost%.invalid')
      assert.equal(6, err.code)
    end)

    it('name of the proxy not found', function()
      fails('COULDNT_RESOLVE_PROXY', 'resolve', { url = servers.nginx.url .. '/small',
        proxy = 'http://nosuchproxy.invalid:3128' }, 'nosuchproxy%.invalid')
    end)

    it('timeout', function()
      times_out('connect', { url = backlog.full(), timeout = 200 }, 200, '[Tt]ime')
    end)

    it('connect_timeout', function()
      times_out('connect', { url = backlog.full(), connect_timeout = 200 }, 200, '[Tt]ime')
    end)
  end)

  describe('of TLS:', function()
    local function silent() return (fault.silent().url:gsub('^http', 'https')) .. '/' end

    it('timeout', function()
      times_out('tls', { url = silent(), timeout = 200 }, 200, '[Tt]ime')
    end)

    it('connect_timeout', function()
      times_out('tls', { url = silent(), connect_timeout = 200 }, 200, '[Tt]ime')
    end)

    it('closed during the handshake', function()
      local server = fault.serve(function(conn) conn:read() end)
      fails('SSL_CONNECT_ERROR', 'tls', { url = (server.url:gsub('^http', 'https')) .. '/' }, 'SSL')
    end)

    it('no TLS at all', function()
      local server = fault.serve(function(conn)
        conn:read()
        conn:send('HTTP/1.1 400 Bad\r\n\r\n')
        conn:stall()
      end)
      fails('SSL_CONNECT_ERROR', 'tls', { url = (server.url:gsub('^http', 'https')) .. '/' },
        'wrong version number')
    end)

    it('a certificate that is not trusted', function()
      fails('PEER_FAILED_VERIFICATION', 'tls', { url = servers.nginx.tls_url .. '/small' },
        'certificate')
    end)
  end)

  describe('to send:', function()
    local body = ('x'):rep(32 * 1024 * 1024)

    it('timeout while the server does not read', function()
      local server = fault.serve(function(conn) conn:hang() end)
      times_out('send', { url = server.url .. '/', body = body, timeout = 300, expect = false },
        300, 'time')
    end)

    it('reset by the server', function()
      local server = fault.serve(function(conn)
        conn:head()
        conn:reset()
      end)
      local err = failure_of { url = server.url .. '/', body = body, expect = false }
      assert.equal('send', err.phase)
      assert.matches('^[SR]E[NC][DV]_ERROR$', err.name) -- SEND or RECV: as libcurl notices it
      assert.equal(server.url .. '/', err.url)
    end)
  end)

  describe('to get a response:', function()
    it('timeout', function()
      times_out('wait', { url = fault.silent().url .. '/', timeout = 200 }, 200, '[Tt]ime')
    end)

    it('first_byte', function()
      times_out('wait', { url = fault.silent().url .. '/', first_byte = 200 }, 200,
        '^first_byte: no response within 200 ms$')
    end)

    it('first_byte, in the middle of the headers', function()
      local url = serve('HTTP/1.1 200 Fine\r\nX-Half: yes\r\n', 'stall')
      local err = failure_of { url = url, first_byte = 200 }
      assert.same({ 'OPERATION_TIMEDOUT', 'wait' }, { err.name, err.phase })
    end)

    it('closed', function()
      fails('GOT_NOTHING', 'wait', { url = serve('', 'close') }, 'Empty reply from server')
    end)

    it('reset', function()
      fails('RECV_ERROR', 'wait', { url = serve('', 'reset') }, 'reset by peer')
    end)

    it('garbage instead of a status line', function()
      local err = failure_of { url = serve('this is no HTTP at all\r\n\r\n', 'close') }
      assert.same({ 'UNSUPPORTED_PROTOCOL', 'wait' }, { err.name, err.phase })
      assert.matches('HTTP/0%.9', err.message)
    end)

    it('a broken status line', function()
      local err = failure_of { url = serve('HTTP/1.1 2x0 Fine\r\n\r\n', 'close') }
      assert.same({ 'UNSUPPORTED_PROTOCOL', 'wait' }, { err.name, err.phase })
    end)
  end)

  describe('in the body:', function()
    local function fails_in_body(name, request, message)
      return fails(name, 'body', request, message)
    end

    it('timeout', function()
      times_out('body', { url = serve(HALF, 'stall'), timeout = 200 }, 200, '[Tt]ime')
    end)

    it('idle', function()
      times_out('body', { url = serve(HALF, 'stall'), idle = 200 }, 200,
        '^idle: no byte of the body for 200 ms$')
    end)

    it('low_speed', function()
      local err = fails_in_body('OPERATION_TIMEDOUT',
        { url = serve(HALF, 'stall'), low_speed = { limit = 1000, time = 1000 } },
        'Less than 1000 bytes/sec')
      assert.is_true(err.timings.total >= 900 and err.timings.total < 4000, err.timings.total)
    end)

    it('reset', function()
      fails_in_body('RECV_ERROR', { url = serve(HALF, 'reset') }, 'reset by peer')
    end)

    it('shorter than its Content-Length', function()
      local err = fails_in_body('PARTIAL_FILE', { url = serve(HALF, 'close') },
        '4 bytes')
      assert.equal(18, err.code)
    end)

    it('a chunk cut short', function()
      fails_in_body('PARTIAL_FILE', { url = serve(CHUNKED .. '8\r\nhalf', 'close') },
        'outstanding read data')
    end)

    it('no last chunk', function()
      fails_in_body('PARTIAL_FILE', { url = serve(CHUNKED .. fault.chunk('all'), 'close') },
        'outstanding read data')
    end)

    it('a bad chunk size', function()
      fails_in_body('RECV_ERROR', { url = serve(CHUNKED .. 'zz\r\nbody\r\n0\r\n\r\n', 'stall') },
        'hex')
    end)
  end)

  it('while it waits in the queue: timeout', function()
    local m = curl.Multi:new { max_concurrent = 1 }
    local silent = fault.silent().url .. '/'
    local first = m:add(silent, helper.expect(1, function(err)
      assert.same({ 'ABORTED_BY_CALLBACK', 'wait' }, { err.name, err.phase })
    end))
    m:add({ url = silent .. '2', timeout = 150 }, helper.expect(1, function(err)
      assert.same({ 'OPERATION_TIMEDOUT', 'queue', silent .. '2', 28 },
        { err.name, err.phase, err.url, err.code })
      assert.matches('^timeout: not done within 150 ms$', err.message)
      assert.is_true(err.timings.queue >= 140, 'queue is ' .. err.timings.queue)
      assert.equal(0, err.timings.resolve)
      first:cancel()
    end))
  end)

  it('shows no password', function()
    local url = (fault.refused()):gsub('//', '//user:secret@') .. '/'
    local err = failure_of { url = url }
    assert.equal((url:gsub('user:secret@', '')), err.url)
    assert.is_nil(tostring(err):find('secret', 1, true))
  end)
end)
