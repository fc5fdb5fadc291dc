-- The fields of a request, over the wire: what each makes of it. Those with a spec of their own
-- (options, auth, tls, proxy, redirects, encodings) are not here.

local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local nginx = servers.nginx

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

-- A test whose limits are times.
local function timed(name, test)
  it(name, helper.timed(function() helper.run(test) end))
end

-- Sends one request and gives back how the server saw it.
local function seen(request)
  local server = echo.serve()
  request.url = server.url .. (request.url or '/')
  assert(curl.request(request))
  return server.asked[1]
end

describe('url', function()
  runs('is taken apart and put together as libcurl does', function()
    local server = echo.serve()
    for _, given in ipairs { '', '/', '/a b?c d#e', '/a/../b/./c', '/%C3%A9?x=%20', '/?q' } do
      assert(curl.get(server.url .. given))
    end
    local paths = {}
    for i, asked in ipairs(server.asked) do
      paths[i] = asked.path
    end
    assert.same({ '/', '/', '/a%20b?c+d', '/b/c', '/%C3%A9?x=%20', '/?q' }, paths)
  end)

  runs('may leave out the scheme', function()
    local server = echo.serve()
    local res = assert(curl.get('127.0.0.1:' .. server.port .. '/x'))
    assert.equal(server.url .. '/x', res.url)
  end)

  runs('is relative to base_url', function()
    local server = echo.serve()
    for _, case in ipairs { { '/a/b', 'c' }, { '/a/', 'c' }, { '/a/b', '/c' }, { '/a', '?x=1' } } do
      assert(curl.get { base_url = server.url .. case[1], url = case[2] })
    end
    assert.same({ '/a/b/c', '/a/c', '/a/b/c', '/a/?x=1' }, { server.asked[1].path,
      server.asked[2].path, server.asked[3].path, server.asked[4].path })
  end)
end)

describe('query', function()
  runs('of a table is sorted and encoded', function()
    local asked = seen { query = { b = 'x y&z=1/é', a = 1, c = true, d = { 'p', 2 }, e = '' } }
    assert.equal('/?a=1&b=x+y%26z%3d1%2f%c3%a9&c=true&d=p&d=2&e=',
      (asked.path:gsub('%%%x%x', string.lower)))
  end)

  runs('of pairs keeps its order, after what the URL has', function()
    local asked = seen { url = '/p?z=0', query = { { 'b', 2 }, { 'a', 1.5 }, { 'b', false } } }
    assert.equal('/p?z=0&b=2&a=1.5&b=false', asked.path)
  end)

  runs('says nothing when it is empty', function()
    assert.equal('/p', seen({ url = '/p', query = {} }).path)
  end)
end)

describe('headers', function()
  runs('go out as they are', function()
    local asked = seen { headers = {
      ['X-One'] = 'a: b; c', accept = 'text/html', n = 7, yes = true } }
    assert.equal('a: b; c', asked.headers['x-one'])
    assert.same({ 'text/html' }, echo.values(asked, 'accept'))
    assert.equal('7', asked.headers.n)
    assert.equal('true', asked.headers.yes)
    assert.truthy(asked.head:find('\r\nX-One: ', 1, true))
  end)

  runs('repeat for a list, and keep the order of pairs', function()
    local asked = seen { headers = { x = { 'one', 'two' } } }
    assert.same({ 'one', 'two' }, echo.values(asked, 'x'))
    asked = seen { headers = { { 'B', '1' }, { 'A', '2' }, { 'B', '3' } } }
    assert.truthy(asked.head:find('\r\nB: 1\r\nA: 2\r\nB: 3\r\n', 1, true))
  end)

  runs('may be empty, and false keeps libcurl\'s own away', function()
    local asked = seen { headers = { ['X-Empty'] = '', ['User-Agent'] = false, Accept = false } }
    assert.equal('', asked.headers['x-empty'])
    assert.is_nil(asked.headers['user-agent'])
    assert.is_nil(asked.headers.accept)
  end)

  runs('name the library, and one host', function()
    local asked = seen {}
    assert.equal('luvcurl/' .. curl.version().luvcurl, asked.headers['user-agent'])
    assert.equal(1, #echo.values(asked, 'host'))
    assert.equal('*/*', asked.headers.accept)
    assert.equal('spec.example', seen({ headers = { Host = 'spec.example' } }).headers.host)
  end)
end)

describe('body', function()
  runs('carries any byte', function()
    local bytes = {}
    for value = 0, 255 do
      bytes[#bytes + 1] = string.char(value)
    end
    local all = table.concat(bytes)
    assert.equal(all, seen({ method = 'PUT', body = all }).body)
  end)

  runs('may be empty or large', function()
    assert.equal('0', seen({ body = '' }).headers['content-length'])
    local large = ('0123456789abcdef'):rep(2 ^ 18)
    local asked = seen { body = large }
    assert.is_true(asked.body == large)
  end)

  runs('keeps the Content-Type it is given', function()
    assert.equal('text/x', seen({ body = 'x', headers = { ['content-type'] = 'text/x' } })
      .headers['content-type'])
    assert.same({ 'text/y' }, echo.values(
      seen { json = {}, headers = { ['CONTENT-TYPE'] = 'text/y' } }, 'content-type'))
  end)

  runs('is asked leave for when told so', function()
    assert.equal('100-continue', seen({ body = 'x', expect = true }).headers.expect)
    local large = ('x'):rep(2 ^ 21)
    assert.is_nil(seen({ body = large, expect = false }).headers.expect)
  end)

  runs('json is encoded and announced', function()
    local asked = seen { json = { list = { 1, 2 } } }
    assert.equal('{"list":[1,2]}', (asked.body:gsub('%s', '')))
    assert.equal('application/json', asked.headers['content-type'])
    assert.equal('application/json', asked.headers.accept)
    assert.equal('POST', asked.method)
    assert.equal('false', seen({ json = false }).body)
  end)

  runs('form is encoded and announced', function()
    local asked = seen { form = { b = 'x y', a = '&=+', c = { 1, 2 } } }
    assert.equal('a=%26%3D%2B&b=x+y&c=1&c=2', asked.body)
    assert.equal('application/x-www-form-urlencoded', asked.headers['content-type'])
    assert.equal('z=1&a=2', seen({ form = { { 'z', 1 }, { 'a', 2 } } }).body)
  end)
end)

describe('range and resume_from', function()
  runs('ask for a part', function()
    local whole = assert(curl.get(nginx.url .. '/16k')).body
    for given, part in pairs {
      ['0-99'] = whole:sub(1, 100), ['16000-'] = whole:sub(16001), ['-50'] = whole:sub(-50),
    } do
      local res = assert(curl.get(nginx.url .. '/16k', { range = given }))
      assert.equal(206, res.status)
      assert.is_true(res.body == part, given)
    end
    assert.is_true(whole:sub(11, 21)
      == assert(curl.get(nginx.url .. '/16k', { range = { 10, 20 } })).body)
    assert.is_true(whole:sub(16380)
      == assert(curl.get(nginx.url .. '/16k', { range = { 16379 } })).body)
    local res = assert(curl.get(nginx.url .. '/16k', { resume_from = 16000 }))
    assert.equal('bytes 16000-16383/16384', res.headers['content-range'])
    assert.is_true(whole:sub(16001) == res.body)
  end)

  runs('ask for it uncompressed', function()
    local server = echo.serve()
    assert(curl.get(server.url, { range = '0-1' }))
    assert.is_nil(server.asked[1].headers['accept-encoding'])
    assert.equal('bytes=0-1', server.asked[1].headers.range)
  end)
end)

describe('max_body', function()
  runs('ends what is longer, and only that', function()
    assert.equal(1024, #assert(curl.get(nginx.url .. '/1k', { max_body = 1024 })).body)
    local res, err = curl.get(nginx.url .. '/1k', { max_body = 1023 })
    assert.is_nil(res)
    assert.same({ 'FILESIZE_EXCEEDED', 63, 'body' }, { err.name, err.code, err.phase })
    assert.equal('the body is larger than max_body (1023 bytes)', err.message)
  end)
end)

describe('http_version', function()
  runs('says which to speak', function()
    local server = echo.serve()
    assert(curl.get(server.url, { http_version = '1.0' }))
    assert(curl.get(server.url, { http_version = '1.1' }))
    assert(curl.get(server.url))
    local function version(n) return server.asked[n].head:match('HTTP/%d%.%d') end
    assert.same({ 'HTTP/1.0', 'HTTP/1.1', 'HTTP/1.1' }, { version(1), version(2), version(3) })
  end)
end)

describe('times', function()
  local function assert_timeout(request, phase, least, most)
    local start = helper.uv.hrtime()
    local res, err = curl.get(request)
    local ms = (helper.uv.hrtime() - start) / 1e6
    assert.is_nil(res)
    assert.same({ 'OPERATION_TIMEDOUT', 28, phase }, { err.name, err.code, err.phase })
    assert.is_true(ms >= least - 10 and ms < most, ('took %.0f ms'):format(ms))
    return err
  end

  timed('timeout ends the whole', function()
    local server = fault.silent()
    assert_timeout({ url = server.url, timeout = 100 }, 'wait', 100, 1000)
    assert_timeout({ url = nginx.url .. '/slow', timeout = 600 }, 'body', 600, 2000)
  end)

  timed('timeout counts from the call, however long the script was busy before', function()
    local server = fault.silent()
    helper.uv.update_time()
    local start = helper.uv.hrtime()
    while helper.uv.hrtime() - start < 3e8 do end -- luacheck: ignore
    assert_timeout({ url = server.url, timeout = 200 }, 'wait', 200, 1000)
  end)

  timed('first_byte and idle end the parts', function()
    local server = fault.silent()
    local err = assert_timeout({ url = server.url, first_byte = 100 }, 'wait', 100, 1000)
    assert.equal('first_byte: no response within 100 ms', err.message)
    local half = fault.serve(function(conn)
      conn:request()
      conn:sleep(150)
      conn:send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
      conn:stall()
    end)
    assert_timeout({ url = half.url, idle = 100 }, 'body', 250, 1000)
  end)

  runs('low_speed ends what is too slow', function()
    local err = assert_timeout({ url = nginx.url .. '/slow',
      low_speed = { limit = 1000000, time = 1000 } }, 'body', 900, 4000)
    assert.matches('Less than 1000000 bytes/sec', err.message)
  end)
end)
