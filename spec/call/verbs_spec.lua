-- Every verb: what goes over the wire, and every shape its function takes.

local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local nginx = servers.nginx

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

local WITHOUT_BODY = { get = 'GET', delete = 'DELETE', options = 'OPTIONS', head = 'HEAD' }
local WITH_BODY = { post = 'POST', put = 'PUT', patch = 'PATCH' }

describe('verbs', function()
  for name, method in pairs(WITHOUT_BODY) do
    runs(('%s sends %s'):format(name, method), function()
      local server = echo.serve(function() return { body = 'the body' } end)
      local res = assert(curl[name](server.url .. '/a?b=c'))
      local asked = server.asked[1]
      assert.equal(method, asked.method)
      assert.equal('/a?b=c', asked.path)
      assert.is_nil(asked.headers['content-length'])
      assert.is_nil(asked.headers['content-type'])
      assert.equal(200, res.status)
      assert.equal(name == 'head' and '' or 'the body', res.body)
      assert.equal('8', res.headers['content-length'])
      assert.equal(1, #server.asked)
    end)
  end

  for name, method in pairs(WITH_BODY) do
    runs(('%s sends %s with its body'):format(name, method), function()
      local server = echo.serve()
      local res = assert(curl[name](server.url .. '/x', { body = 'a\0b\r\nc' }))
      local asked = server.asked[1]
      assert.equal(method, asked.method)
      assert.equal('6', asked.headers['content-length'])
      assert.equal('a\0b\r\nc', asked.body)
      assert.is_nil(asked.headers['content-type'])
      assert.equal('ok', res.body)
    end)

    runs(('%s without a body ends at once'):format(name), function()
      local server = echo.serve()
      assert(curl[name](server.url))
      assert.equal(method, server.asked[1].method)
      assert.equal('', server.asked[1].body)
      assert.is_nil(server.asked[1].headers['transfer-encoding'])
      if name == 'post' then
        assert.equal('0', server.asked[1].headers['content-length'])
      end
    end)
  end

  runs('delete, options and get may have a body', function()
    local server = echo.serve()
    for _, name in ipairs { 'delete', 'options', 'get' } do
      assert(curl[name](server.url, { body = 'of ' .. name }))
    end
    for i, name in ipairs { 'delete', 'options', 'get' } do
      assert.equal(name:upper(), server.asked[i].method)
      assert.equal('of ' .. name, server.asked[i].body)
    end
  end)

  runs('a HEAD request has no body', function()
    assert.has_error(function() curl.head(nginx.url, { body = 'x' }) end,
      'request: a HEAD request has no body')
  end)

  runs('head tells the length of what it does not get', function()
    local res = assert(curl.head(nginx.url .. '/1g'))
    assert.equal('1073741824', res.headers['content-length'])
    assert.equal('', res.body)
  end)

  runs('put, get and delete a file', function()
    local bytes = process.read_file(nginx.root .. '/1m')
    local url = nginx.url .. '/dav/verbs-' .. helper.host
    assert.equal(201, assert(curl.put(url, { body = bytes })).status)
    assert.is_true(bytes == assert(curl.get(url)).body)
    assert.equal(204, assert(curl.put(url, { body = 'shorter' })).status)
    assert.equal('shorter', assert(curl.get(url)).body)
    assert.equal(204, assert(curl.delete(url)).status)
    assert.equal(404, assert(curl.get(url)).status)
  end)
end)

describe('curl.request', function()
  runs('sends the method it is told', function()
    local server = echo.serve()
    for _, method in ipairs { 'GET', 'POST', 'put', 'Patch', 'DELETE', 'head', 'PURGE', 'PROPFIND',
      'M-SEARCH', 'purge' } do
      assert(curl.request { url = server.url, method = method })
    end
    local methods = {}
    for i, asked in ipairs(server.asked) do
      methods[i] = asked.method
    end
    -- Names of standard verbs are put in capitals; others are as they are, for case counts.
    assert.same({ 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'PURGE', 'PROPFIND', 'M-SEARCH',
      'purge' }, methods)
  end)

  runs('is GET, and POST when there is a body', function()
    local server = echo.serve()
    assert(curl.request(server.url))
    assert(curl.request { url = server.url, body = 'x' })
    assert(curl.request { url = server.url, form = { a = 1 } })
    assert.same({ 'GET', 'POST', 'POST' },
      { server.asked[1].method, server.asked[2].method, server.asked[3].method })
  end)

  runs('sends the body of a method of its own', function()
    local server = echo.serve()
    assert(curl.request { url = server.url, method = 'REPORT', body = '<report/>' })
    assert.equal('REPORT', server.asked[1].method)
    assert.equal('<report/>', server.asked[1].body)
  end)
end)

describe('the shapes of a call', function()
  runs('url; url and request; request; each with a callback', function()
    local server = echo.serve(function(request) return { body = request.path } end)
    local function url(n) return server.url .. '/' .. n end
    assert.equal('/1', assert(curl.get(url(1))).body)
    assert.equal('/2', assert(curl.get(url(2), { headers = { a = 'b' } })).body)
    assert.equal('/3', assert(curl.get { url = url(3) }).body)
    local function body(...)
      local args, n = { ... }, select('#', ...)
      return helper.await(function(done)
        args[n + 1] = function(err, res) done(err, res and res.body) end
        local unpack = table.unpack or unpack
        assert.equal('userdata', type(curl.get(unpack(args, 1, n + 1))))
      end)
    end
    assert.same({ [2] = '/4' }, { body(url(4)) })
    assert.same({ [2] = '/5' }, { body(url(5), { headers = {} }) })
    assert.same({ [2] = '/6' }, { body { url = url(6) } })
    assert.same({ [2] = '/7' }, { body(url(7), nil) })
    assert.equal('b', server.asked[2].headers.a)
  end)

  runs('a callback may be anything that can be called', function()
    local server = echo.serve()
    local called = helper.expect(1, function(_, err, res)
      assert.is_nil(err)
      assert.equal('ok', res.body)
    end)
    curl.get(server.url, setmetatable({}, { __call = called }))
  end)

  runs('leaves the request table as it was', function()
    local server = echo.serve()
    local headers = { accept = 'text/plain' }
    local request = { url = server.url, headers = headers, query = { a = 1 }, json = { 1 } }
    assert(curl.post(request))
    assert(curl.post(request))
    assert.same({ url = server.url, headers = { accept = 'text/plain' }, query = { a = 1 },
      json = { 1 } }, request)
    assert.equal(headers, request.headers)
    assert.equal(server.asked[1].head, server.asked[2].head)
  end)
end)
