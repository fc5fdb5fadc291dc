-- What a response tells: status, reason, headers, trailers, timings, infos, JSON.

local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local nginx, certs = servers.nginx, servers.certs

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

-- The response to bytes that a server sends.
local function response(bytes, request)
  request = request or {}
  request.url = fault.serve(bytes).url .. '/path?q'
  return assert(curl.get(request))
end

describe('a response', function()
  runs('tells status, reason and version', function()
    local res = response(fault.response { status = 299, reason = 'Quite  fine', body = 'b' })
    assert.same({ 299, 'Quite  fine', '1.1', true, 'b' },
      { res.status, res.reason, res.http_version, res.ok, res.body })
    res = response('HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n')
    assert.same({ 404, false, '' }, { res.status, res.ok, res.body })
    assert.is_nil(res.reason)
    res = response(function(conn)
      conn:request()
      conn:send('HTTP/1.0 200 OK\r\n\r\nuntil the end')
    end)
    assert.same({ '1.0', 'until the end' }, { res.http_version, res.body })
  end)

  runs('of any status is no error', function()
    for _, status in ipairs { 200, 204, 400, 401, 403, 404, 418, 429, 500, 503, 599 } do
      local res, err = curl.get(('%s/status/%d'):format(nginx.url, status))
      assert.is_nil(err)
      assert.equal(status, res.status)
      assert.equal(status < 400, res.ok)
      assert.equal(status == 204 and '' or ('status %d\n'):format(status), res.body)
    end
  end)

  runs('is made an error by raise_for_status', function()
    local res = assert(curl.get(nginx.url .. '/status/200'))
    assert.equal(res, res:raise_for_status())
    res = assert(curl.get(nginx.url .. '/status/404'))
    local ok, err = pcall(res.raise_for_status, res)
    assert.is_false(ok)
    assert.same({ 'HTTP_RETURNED_ERROR', 22, nginx.url .. '/status/404' },
      { err.name, err.code, err.url })
    assert.equal('HTTP_RETURNED_ERROR: the server answered 404 Not Found: ' .. err.url,
      tostring(err))
    assert.equal(res, err.response)
  end)

  runs('tells its URL without credentials', function()
    local server = echo.serve()
    local res = assert(curl.get((server.url:gsub('//', '//me:sesame@')) .. '/x?y#z'))
    assert.equal(server.url .. '/x?y', (res.url:gsub('#.*', '')))
    assert.is_nil(tostring(res):find('sesame', 1, true))
    assert.matches('^luvcurl.Response: 200 http://127', tostring(res))
  end)

  runs('keeps a body of any bytes whole', function()
    local body = ('\0\1\255\r\n'):rep(10000)
    assert.is_true(body == response(fault.response { body = body }).body)
    assert.is_true(body == response(fault.response { body = body, chunked = true }).body)
  end)

  runs('tells timings in milliseconds that grow', function()
    local res = assert(curl.get(nginx.tls_http1_url .. '/1m?rate=2m', {
      tls = { ca_file = certs.ca }, options = { fresh_connect = true } }))
    local last = 0
    for _, name in ipairs { 'resolve', 'connect', 'tls', 'send', 'wait', 'total' } do
      assert.is_true(res.timings[name] >= last, name)
      last = res.timings[name]
    end
    assert.is_true(res.timings.tls > res.timings.connect)
    assert.is_true(res.timings.total < 10000)
    assert.equal(0, res.timings.redirect)
    assert.is_true(res.timings.queue >= 0 and res.timings.queue < 1000)
  end)

  runs('answers for libcurl\'s infos', function()
    local res = assert(curl.get(nginx.url .. '/1k'))
    assert.equal('127.0.0.1', res:info('primary_ip'))
    assert.equal(nginx.plain_port, res:info('primary_port'))
    assert.equal(200, res:info('response_code'))
    assert.equal(1024, res:info('size_download_t'))
    local ok, err = pcall(res.info, res, 'primary_ipp')
    assert.is_false(ok)
    assert.matches('primary_ipp', err)
  end)
end)

describe('json', function()
  runs('is decoded', function()
    local value = assert(curl.get(nginx.url .. '/json')):json()
    assert.equal('luvcurl', value.name)
    assert.same({ 1, 2, 3 }, { value.list[1], value.list[2], value.list[3] })
    assert.is_true(value.nested.yes)
  end)

  runs('that is none is told as an error', function()
    for _, body in ipairs { 'no json', '{"a":', '' } do
      local value, err = response(fault.response { body = body }):json()
      assert.is_nil(value)
      assert.equal('INVALID_JSON', err.name)
      assert.equal('body', err.phase)
    end
  end)
end)

describe('headers', function()
  local LINES = { 'X-One: 1', 'x-two:  spaced  ', 'X-ONE: again', 'Set-Cookie: a=1; Path=/',
    'Set-Cookie: b=2, c', 'Empty:', 'all: mine', 'X-Bytes: \233\255A' }

  runs('ignore case, keep order and every value', function()
    local res = response(fault.response { headers = LINES, body = 'x' })
    local headers = res.headers
    assert.equal('1, again', headers['X-One'])
    assert.equal('1, again', headers['x-oNE'])
    assert.same({ '1', 'again' }, headers:all('X-one'))
    assert.equal('spaced', headers['X-Two'])
    assert.same({ 'a=1; Path=/', 'b=2, c' }, headers:all('set-cookie'))
    assert.equal('a=1; Path=/', headers['Set-Cookie'])
    assert.equal('', headers.empty)
    assert.same({ 233, 255, 65 }, { headers['x-bytes']:byte(1, -1) })
    assert.is_nil(headers['no-such'])
    assert.same({}, headers:all('no-such'))
    assert.is_true(headers:has('EMPTY'))
    assert.is_false(headers:has('no-such'))
    assert.equal('1', res:header('CONTENT-LENGTH'))
    assert.equal('mine', headers:get('all'))
    assert.equal('function', type(headers.all))
    local names = {}
    for name in headers:iter() do
      names[#names + 1] = name
    end
    assert.same({ 'X-One', 'x-two', 'X-ONE', 'Set-Cookie', 'Set-Cookie', 'Empty', 'all', 'X-Bytes',
      'Content-Length' }, names)
    assert.equal(9, headers:count())
  end)

  runs('cannot be changed', function()
    local res = response(fault.response {})
    assert.has_error(function() res.headers.x = 1 end, 'a response\'s headers cannot be changed')
  end)

  runs('are of the last response only', function()
    local res = response('HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n'
      .. fault.response { headers = { 'X-Last: yes' }, body = 'b' })
    assert.same({ 200, 'Fine', 'b' }, { res.status, res.reason, res.body })
    assert.equal('yes', res.headers['x-last'])
    assert.is_nil(res.headers.link)
    assert.equal('</a>', res.informational.link)
  end)

  runs('that come after the body are trailers', function()
    local res = response('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n'
      .. '3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n')
    assert.equal('abc', res.body)
    assert.equal('6', res.trailers['x-sum'])
    assert.is_nil(res.headers['x-sum'])
    assert.equal(0, response(fault.response {}).trailers:count())
  end)

  runs('of very many are all there', function()
    local lines = {}
    for i = 1, 1000 do
      lines[i] = ('X-%d: %d'):format(i, i * i)
    end
    local res = response(fault.response { headers = lines })
    assert.equal(1001, res.headers:count())
    assert.equal('1000000', res.headers['x-1000'])
  end)

  runs('without end are refused', function()
    local server = fault.serve(function(conn)
      conn:request()
      conn:send('HTTP/1.1 200 OK\r\n')
      conn:flood(('X-Endless: %s\r\n'):format(('x'):rep(1000)))
    end)
    local res, err = curl.get(server.url, { timeout = 8000 })
    assert.is_nil(res)
    assert.not_equal('OPERATION_TIMEDOUT', err.name)
    assert.is_true(server:sent() < 2 ^ 26)
  end)
end)

describe('what is known afterwards', function()
  local WHOLE = { 'effective_url', 'response_code', 'http_version', 'num_connects', 'content_type',
    'redirect_count', 'primary_ip', 'primary_port', 'local_ip', 'local_port', 'request_size',
    'header_size', 'size_upload_t', 'size_download_t', 'total_time_t', 'namelookup_time_t' }

  local function infos(res)
    local all = {}
    for _, name in ipairs(WHOLE) do
      all[name] = res:info(name)
      assert.is_not_nil(all[name], name)
    end
    return all
  end

  runs('is what was known in the final callback', function()
    local co, inside, kept = coroutine.running(), nil, nil
    curl.get(nginx.url .. '/1k', function(err, res)
      assert(res, err)
      inside, kept = infos(res), res
      helper.resume(co)
    end)
    coroutine.yield()
    assert(curl.get(nginx.url .. '/small')) -- out of the callback, in which all is known
    assert.same(inside, infos(kept))
    assert.same({ '127.0.0.1', '127.0.0.1', 'http' },
      { kept:info('primary_ip'), kept:info('local_ip'), kept:info('scheme') })
  end)

  runs('is there for a stream that was read, and after waiting', function()
    local stream = assert(curl.stream(nginx.url .. '/1k'))
    assert(stream:text())
    local waited = assert(curl.get(nginx.url .. '/1k'))
    assert(curl.get(nginx.url .. '/small'))
    for _, res in ipairs { stream, waited } do
      assert.same({ 1024, nginx.plain_port }, { infos(res).size_download_t,
        infos(res).primary_port })
    end
  end)

  runs('is told to be missing where it is not kept', function()
    local res = assert(curl.get(nginx.url .. '/small'))
    assert(curl.get(nginx.url .. '/small'))
    local ok, err = pcall(res.info, res, 'certinfo')
    assert.is_false(ok)
    assert.matches("info 'certinfo' is not kept after the end", err)
  end)

  runs('has the fragment, over redirects', function()
    local server = require 'spec.support.echo'.serve(function(request)
      local to = request.path:match('^/to(.*)$')
      return to and { status = 302, headers = { 'Location: ' .. to:gsub('@', '#') } } or {}
    end)
    for path, url in pairs { ['/to/a#f'] = '/a#f', ['/to/a@g#f'] = '/a#g',
      ['/to/to/a@g#f'] = '/a#g', ['/to/to/a#f'] = '/a#f', ['/a#f'] = '/a#f',
      ['/to/a'] = '/a' } do
      assert.equal(server.url .. url, assert(curl.get(server.url .. path)).url)
    end
  end)
end)
