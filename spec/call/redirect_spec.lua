-- Redirects: which method and body the next request has, where credentials go, and where it ends.

local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local nginx = servers.nginx

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

-- Answers /<status>?<target> by a redirect, and everything else by "arrived".
local function serve()
  return echo.serve(function(request)
    local status, target = request.path:match('^/(%d+)%?(.*)$')
    if status then
      return { status = tonumber(status), headers = { 'Location: ' .. target }, body = 'moved' }
    end
    return { body = 'arrived' }
  end)
end

-- What the request after the redirect has, by method and status: method and whether the body.
local EXPECTED = {
  GET = { [301] = 'GET', [302] = 'GET', [303] = 'GET', [307] = 'GET', [308] = 'GET' },
  HEAD = { [301] = 'HEAD', [302] = 'HEAD', [303] = 'HEAD', [307] = 'HEAD', [308] = 'HEAD' },
  POST = { [301] = 'GET', [302] = 'GET', [303] = 'GET', [307] = 'POST+', [308] = 'POST+' },
  PUT = { [301] = 'PUT+', [302] = 'PUT+', [303] = 'GET', [307] = 'PUT+', [308] = 'PUT+' },
  PATCH = { [301] = 'PATCH+', [302] = 'PATCH+', [303] = 'GET', [307] = 'PATCH+', [308] = 'PATCH+' },
  DELETE = { [301] = 'DELETE', [302] = 'DELETE', [303] = 'GET', [307] = 'DELETE',
    [308] = 'DELETE' },
}
local HAS_BODY = { POST = true, PUT = true, PATCH = true }

describe('a redirect', function()
  for method, by_status in pairs(EXPECTED) do
    for status, expected in pairs(by_status) do
      runs(('by %d makes %s of %s'):format(status, expected, method), function()
        local server = serve()
        local res = assert(curl.request {
          url = ('%s/%d?/there'):format(server.url, status),
          method = method, body = HAS_BODY[method] and 'the body' or nil,
          headers = { ['X-Kept'] = 'yes' },
        })
        local first, second = server.asked[1], server.asked[2]
        assert.equal(2, #server.asked)
        assert.equal(method, first.method)
        assert.equal(HAS_BODY[method] and 'the body' or '', first.body)
        assert.equal('/there', second.path)
        assert.equal(expected:match('%u+'), second.method)
        assert.equal(expected:find('+', 1, true) and 'the body' or '', second.body)
        if not expected:find('+', 1, true) then
          assert.is_nil(second.headers['content-length'])
          assert.is_nil(second.headers['transfer-encoding'])
        end
        assert.equal('yes', second.headers['x-kept'])
        assert.equal(200, res.status)
        assert.equal(method == 'HEAD' and '' or 'arrived', res.body)
        assert.equal(server.url .. '/there', res.url)
      end)
    end
  end

  runs('of a POST without a body keeps it that way', function()
    local server = serve()
    assert(curl.post(server.url .. '/307?/there'))
    assert.equal('POST', server.asked[2].method)
    assert.equal('0', server.asked[2].headers['content-length'])
    assert(curl.post(server.url .. '/302?/there'))
    assert.equal('GET', server.asked[4].method)
  end)

  runs('keeps the method of a chain of them', function()
    local server = serve()
    assert(curl.put(server.url .. '/307?/301?/there', { body = 'x' }))
    assert.same({ 'PUT', 'PUT', 'PUT' },
      { server.asked[1].method, server.asked[2].method, server.asked[3].method })
    assert.equal('x', server.asked[3].body)
    assert(curl.put(server.url .. '/303?/307?/there', { body = 'x' }))
    assert.same({ 'PUT', 'GET', 'GET' },
      { server.asked[4].method, server.asked[5].method, server.asked[6].method })
    -- and leaves nothing behind for the next like it
    assert(curl.put(server.url .. '/there', { body = 'x' }))
    assert.equal('PUT', server.asked[7].method)
    assert.equal('x', server.asked[7].body)
  end)

  runs('may be relative', function()
    local server = serve()
    for target, path in pairs { ['x/../y'] = '/y', ['/a/b'] = '/a/b', ['.'] = '/',
      ['to%20here?q=1'] = '/to%20here?q=1',
      ['//127.0.0.1:' .. server.port .. '/host'] = '/host' } do
      local res = assert(curl.get(server.url .. '/302?' .. target))
      assert.equal(server.url .. path, res.url)
      assert.equal(path, server.asked[#server.asked].path)
    end
  end)

  runs('without a Location is a response', function()
    local server = echo.serve(function() return { status = 302, body = 'nowhere' } end)
    local res = assert(curl.get(server.url))
    assert.equal(302, res.status)
    assert.equal('nowhere', res.body)
    assert.same({}, res.history)
  end)
end)

describe('redirects', function()
  runs('= false gives the redirect itself', function()
    local server = serve()
    local res = assert(curl.get(server.url .. '/302?/there', { redirects = false }))
    assert.equal(302, res.status)
    assert.equal('moved', res.body)
    assert.equal('/there', res.headers.location)
    assert.equal(server.url .. '/302?/there', res.url)
    assert.same({}, res.history)
    assert.equal(1, #server.asked)
  end)

  runs('are followed so many times', function()
    for url, limit in pairs { ['/redirect/10'] = true, ['/redirect/3'] = 3,
      ['/redirect/60'] = 60 } do
      local res = assert(curl.get(nginx.url .. url, { redirects = limit }))
      assert.equal('arrived\n', res.body)
      assert.equal(limit == true and 10 or limit, #res.history)
    end
    assert.equal('arrived\n', assert(curl.get(nginx.url .. '/redirect/10')).body)
    assert.is_nil(curl.get(nginx.url .. '/redirect/11'))
    for url, limit in pairs { ['/redirect/11'] = true, ['/redirect/4'] = 3,
      ['/redirect/loop'] = 5 } do
      local res, err = curl.get(nginx.url .. url, { redirects = limit })
      assert.is_nil(res)
      assert.same({ 'TOO_MANY_REDIRECTS', 47 }, { err.name, err.code })
      assert.matches('Maximum %(%d+%) redirects followed', err.message)
    end
  end)

  runs('never leave http and https', function()
    for _, path in ipairs { '/redirect/file', '/redirect/ftp' } do
      local res, err = curl.get(nginx.url .. path)
      assert.is_nil(res)
      assert.same({ 'UNSUPPORTED_PROTOCOL', 1 }, { err.name, err.code })
    end
    local server = serve()
    for _, target in ipairs { 'gopher://127.0.0.1/', 'dict://127.0.0.1/', 'javascript:alert(1)',
      'data:,x', 'ws://127.0.0.1/' } do
      local res, err = curl.get(server.url .. '/302?' .. target)
      if res then -- without "//" it is a relative path
        assert.equal(server.url, res.url:sub(1, #server.url), target)
      else
        assert.equal('UNSUPPORTED_PROTOCOL', err.name, target)
      end
    end
  end)

  runs('are told of', function()
    local server = serve()
    local target = nginx.url .. '/to/301/url?url=' .. server.url .. '/end'
    local res = assert(curl.get(server.url .. '/303?' .. target))
    assert.equal(server.url .. '/end', res.url)
    assert.equal(2, #res.history)
    assert.same({ 303, server.url .. '/303?' .. target },
      { res.history[1].status, res.history[1].url })
    assert.same({ 301, target }, { res.history[2].status, res.history[2].url })
    assert.equal(target, res.history[1].headers.Location)
    assert.equal(server.url .. '/end', res.history[2].headers.location)
    assert.is_nil(res.headers.location)
    assert.is_true(res.timings.redirect > 0)
  end)

  runs('show no credentials in what is told of them', function()
    local server = serve()
    local with = server.url:gsub('//', '//me:sesame@')
    local res = assert(curl.get(with .. '/302?' .. with .. '/end'))
    assert.equal(server.url .. '/end', res.url)
    assert.equal(1, #res.history)
    assert.is_nil(res.history[1].url:match('^http://me'))
    assert.is_nil(res.url:find('sesame', 1, true))
  end)
end)

describe('hooks', function()
  runs('see the last response only', function()
    local server = serve()
    local statuses, chunks = {}, {}
    local res = assert(curl.get(server.url .. '/302?/301?/there', {
      on_response = function(res) statuses[#statuses + 1] = res.status end,
      on_data = function(chunk) chunks[#chunks + 1] = chunk end,
    }))
    assert.same({ 200 }, statuses)
    assert.equal('arrived', table.concat(chunks))
    assert.is_nil(res.body)
  end)
end)

describe('a redirect that makes a GET of a request', function()
  local BODY = { body = 'b', headers = { ['Content-Type'] = 'a/b', ['Content-Language'] = 'en',
    ['Content-Encoding'] = 'identity', ['Content-Location'] = '/b', Accept = 'a/c' } }

  local function asked_after(status, verb, fields)
    local server = echo.serve(function(request)
      if request.path == '/end' then
        return {}
      end
      return { status = status, headers = { 'Location: /end' } }
    end)
    assert(curl[verb](server.url, fields))
    return server.asked[2]
  end

  local function names(request)
    return table.concat({ tostring(request.headers['content-type']),
      tostring(request.headers['content-language']), tostring(request.headers['content-encoding']),
      tostring(request.headers['content-location']), tostring(request.headers['content-length']) },
      ' ')
  end

  runs('leaves what described the body', function()
    for _, case in ipairs { { 301, 'post' }, { 302, 'post' }, { 303, 'post' }, { 303, 'put' },
      { 303, 'patch' }, { 303, 'delete' } } do
      local request = asked_after(case[1], case[2], BODY)
      assert.equal('GET nil nil nil nil nil', request.method .. ' ' .. names(request))
      assert.equal('a/c', request.headers.accept)
    end
    for _, fields in ipairs { { json = { a = 1 } }, { form = { a = 1 } },
      { multipart = { a = 'b' } }, { body = function() end } } do
      assert.equal('nil nil nil nil nil', names(asked_after(303, 'post', fields)))
    end
  end)

  runs('is none where the body goes along', function()
    for _, case in ipairs { { 307, 'post' }, { 308, 'post' }, { 302, 'put' }, { 301, 'patch' } } do
      local request = asked_after(case[1], case[2], BODY)
      assert.equal('b a/b en identity /b 1', request.body .. ' ' .. names(request))
    end
  end)
end)
