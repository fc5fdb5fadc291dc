-- Credentials: basic, digest, bearer, from the URL.

local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local nginx, httpbin = servers.nginx, servers.httpbin

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

local BASIC = 'Basic dXNlcjpwYXNz' -- user:pass

local function authorization(fields)
  local server = echo.serve()
  fields.url = server.url
  assert(curl.get(fields))
  assert.equal(1, #server.asked)
  return server.asked[1].headers.authorization
end

describe('auth', function()
  runs('basic lets in, and only with the right password', function()
    local url = nginx.url .. '/auth/'
    local res = assert(curl.get(url, { auth = 'user:pass' }))
    assert.same({ 200, 'welcome user\n' }, { res.status, res.body })
    res = assert(curl.get(url, { auth = { user = 'user', password = 'pass' } }))
    assert.equal(200, res.status)
    for _, auth in ipairs { 'user:wrong', 'other:pass', { user = 'user' } } do
      res = assert(curl.get(url, { auth = auth }))
      assert.equal(401, res.status)
      assert.is_false(res.ok)
      assert.equal('Basic realm="spec"', res.headers['WWW-Authenticate'])
    end
    assert.equal(401, assert(curl.get(url)).status)
  end)

  runs('basic is sent at once', function()
    assert.equal(BASIC, authorization { auth = 'user:pass' })
    assert.equal(BASIC, authorization { auth = { user = 'user', password = 'pass' } })
  end)

  runs('takes passwords with colons, spaces and any letters', function()
    assert.equal('Basic dTphOmIgYw==', authorization { auth = 'u:a:b c' })
    assert.equal('Basic dTo=', authorization { auth = 'u:' })
    assert.equal('Basic OnA=', authorization { auth = ':p' })
    assert.equal('Basic w7w6w6k=', authorization { auth = { user = 'ü', password = 'é' } })
    assert.equal('Basic dTo6', authorization { auth = { user = 'u', password = ':' } })
  end)

  runs('comes from the URL too, where the field wins', function()
    local server = echo.serve()
    local function with(credentials) return server.url:gsub('//.*', '') .. '//' .. credentials
      .. server.url:gsub('^.*//', '@') end
    local res = assert(curl.get(with('user:pass')))
    assert.equal(BASIC, server.asked[1].headers.authorization)
    assert.equal(server.url .. '/', res.url)
    assert(curl.get(with('user:p%40ss')))
    assert.equal('Basic dXNlcjpwQHNz', server.asked[2].headers.authorization)
    assert(curl.get(server.url))
    assert.is_nil(server.asked[3].headers.authorization)
    assert(curl.get(with('other:one'), { auth = 'user:pass' }))
    assert.equal(BASIC, server.asked[4].headers.authorization)
  end)

  runs('digest answers the challenge', function()
    local url = httpbin.url .. '/digest-auth/auth/user/pass'
    local right = { user = 'user', password = 'pass', scheme = 'digest' }
    local res = assert(curl.get(url, { auth = right }))
    assert.same({ 200, url }, { res.status, res.url })
    assert.matches('"authenticated": ?true', res.body)
    assert.same({}, res.history)
    right.scheme = 'any'
    assert.equal(200, assert(curl.get(url, { auth = right })).status)
    assert.equal(401, assert(curl.get(url, { auth = 'user:pass' })).status)
    local wrong = { user = 'user', password = 'wrong', scheme = 'digest' }
    assert.equal(401, assert(curl.get(url, { auth = wrong })).status)
  end)

  runs('digest sends the body with the answer', function()
    local challenge = 'Digest realm="r", nonce="n", qop="auth", algorithm=MD5'
    local server = echo.serve(function(request)
      if not (request.headers.authorization or ''):find('response=', 1, true) then
        return { status = 401, headers = { 'WWW-Authenticate: ' .. challenge }, body = 'no' }
      end
      return { body = 'got ' .. request.body }
    end)
    local statuses = {}
    local res = assert(curl.post(server.url, {
      body = 'the body', auth = { user = 'u', password = 'p', scheme = 'digest' },
      on_response = function(r) statuses[#statuses + 1] = r.status end,
    }))
    assert.equal('got the body', res.body)
    assert.same({ 200 }, statuses)
    assert.matches('username="u"', server.asked[2].headers.authorization)
    assert.is_nil(server.asked[2].head:find('"p"', 1, true))
  end)

  for _, scheme in ipairs { 'digest', 'any' } do
    runs(scheme .. ' answers nobody who has not asked', function()
      local function serve()
        return echo.serve(function(request)
          local known = (request.headers.authorization or ''):find('response=', 1, true)
          return known and { body = 'welcome' }
            or { status = 401, headers = { 'WWW-Authenticate: Digest realm="r", nonce="n"' } }
        end)
      end
      local first, second = serve(), serve()
      local auth = { user = 'u', password = 'p', scheme = scheme }
      for _, server in ipairs { first, first, second, first } do
        assert.equal('welcome', assert(curl.get(server.url, { auth = auth })).body)
      end
      assert.is_nil(first.asked[1].headers.authorization)
      assert.is_nil(second.asked[1].headers.authorization)
      -- each request is challenged: none lives off those before it
      assert.equal(3 * 2, #first.asked)
      assert.is_nil(first.asked[3].headers.authorization)
      assert.is_nil(first.asked[5].headers.authorization)
    end)
  end
end)

describe('bearer', function()
  runs('sends a token', function()
    assert.equal('Bearer abc.def', authorization { bearer = 'abc.def' })
  end)

  runs('goes to every request that has it, and to no other', function()
    local server = echo.serve()
    for _, token in ipairs { 'one', 'two', false } do
      assert(curl.get { url = server.url, bearer = token or nil })
    end
    assert.same({ 'Bearer one', 'Bearer two' },
      { server.asked[1].headers.authorization, server.asked[2].headers.authorization })
    assert.is_nil(server.asked[3].headers.authorization)
  end)

  it('excludes auth', function()
    assert.has_error(function() curl.get { url = nginx.url, bearer = 'x', auth = 'a:b' } end,
      'request: auth and bearer exclude each other')
  end)
end)
