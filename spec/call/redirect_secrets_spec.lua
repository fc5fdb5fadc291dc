-- Credentials stay with the host, port and scheme they were given for.

local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local helper = require 'spec.support.helper'
local library = require 'luvcurl/host/library'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local nginx, certs = servers.nginx, servers.certs

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

local function redirecting(to, status)
  return echo.serve(function(request)
    if request.path == '/there' then
      return { body = 'arrived' }
    end
    return { status = status or 302, headers = { 'Location: ' .. to() } }
  end)
end

-- How to give a secret, and the header it would show in.
local SECRETS = {
  { 'auth', { auth = 'me:sesame' }, 'authorization' },
  { 'bearer', { bearer = 'sesame' }, 'authorization' },
  { 'an Authorization header', { headers = { Authorization = 'Basic sesame' } }, 'authorization' },
  { 'a Cookie header', { headers = { cookie = 'id=sesame' } }, 'cookie' },
  { 'an X-Api-Key header', { headers = { ['X-Api-Key'] = 'sesame' } }, 'x-api-key' },
  { 'an X-Auth-Token header', { headers = { ['x-auth-token'] = 'sesame' } }, 'x-auth-token' },
  { 'an X-Secret header', { headers = { ['X-Secret'] = 'sesame' } }, 'x-secret' },
  { 'an X-JWT header', { headers = { ['X-JWT'] = 'sesame' } }, 'x-jwt' },
  { 'a DPoP header', { headers = { DPoP = 'sesame' } }, 'dpop' },
  { 'an X-Sig header', { headers = { ['X-Sig'] = 'sesame' } }, 'x-sig' },
  { 'a header nobody knows', { headers = { ['X-Plex'] = 'sesame' } }, 'x-plex' },
  { 'an empty header nobody knows', { headers = { ['X-Sesame'] = '' } }, 'x-sesame' },
  { 'a Referer header', { headers = { Referer = 'http://h/?id=sesame' } }, 'referer' },
  { 'a referer option', { options = { referer = 'http://h/?id=sesame' } }, 'referer' },
  { 'a userpwd option', { options = { userpwd = 'me:sesame' } }, 'authorization' },
  { 'username and password options', { options = { username = 'me', password = 'sesame' } },
    'authorization' },
  { 'a token as an option', { options = { xoauth2_bearer = 'sesame', httpauth = 64 } },
    'authorization' },
  { 'a header as an option', { options = { httpheader = { 'Authorization: sesame' } } },
    'authorization' },
  { 'a cookie option', { options = { cookie = 'id=sesame' } }, 'cookie' },
}

local function copy(fields)
  local result = {}
  for name, value in pairs(fields) do
    result[name] = value
  end
  return result
end

for _, case in ipairs(SECRETS) do
  local what, fields, header = case[1], case[2], case[3]

  describe(what, function()
    runs('goes where it was given for, again after a redirect there', function()
      local server
      server = redirecting(function() return server.url .. '/there' end)
      assert.equal('arrived', assert(curl.get(server.url, copy(fields))).body)
      assert.is_not_nil(server.asked[1].headers[header])
      assert.equal(server.asked[1].headers[header], server.asked[2].headers[header])
    end)

    runs('does not go to another port', function()
      for _, status in ipairs { 301, 302, 303, 307, 308 } do
        local other = echo.serve()
        local server = redirecting(function() return other.url .. '/there' end, status)
        assert.equal('ok', assert(curl.get(server.url, copy(fields))).body)
        assert.is_not_nil(server.asked[1].headers[header])
        assert.is_nil(other.asked[1].headers[header])
        assert.is_nil(other.asked[1].head:find('sesame', 1, true))
      end
    end)

    runs('does not go to another host', function()
      local server
      server = redirecting(function() return ('http://localhost:%d/there'):format(server.port) end)
      local request = copy(fields)
      request.options = copy(fields.options or {})
      request.options.ipresolve = 1 -- the server listens on 127.0.0.1 only
      assert.equal('arrived', assert(curl.get(server.url, request)).body)
      assert.equal('localhost:' .. server.port, server.asked[2].headers.host)
      assert.is_nil(server.asked[2].headers[header])
      assert.is_nil(server.asked[2].head:find('sesame', 1, true))
    end)

    runs('does not come back by way of another host', function()
      local server, other
      other = redirecting(function() return server.url .. '/there' end)
      server = redirecting(function() return other.url end)
      assert.equal('arrived', assert(curl.get(server.url, copy(fields))).body)
      assert.is_nil(other.asked[1].headers[header])
      assert.equal('/there', server.asked[2].path)
    end)
  end)
end

describe('another scheme', function()
  runs('gets no credentials', function()
    local server = redirecting(function() return nginx.tls_url .. '/echo' end)
    for _, fields in ipairs { { auth = 'me:sesame' }, { bearer = 'sesame' },
      { headers = { ['X-Secret'] = 'sesame', Cookie = 'id=sesame', Authorization = 'sesame' } } } do
      fields.tls = { ca_file = certs.ca }
      local res = assert(curl.get(server.url, fields))
      assert.matches('\nssl: TLS', res.body)
      assert.is_nil(res.body:find('sesame', 1, true))
      assert.is_nil(res.body:find('authorization: %S'))
    end
  end)
end)

describe('a client certificate', function()
  local function arrives_as(first, target, options)
    local res = assert(curl.get(first .. '/to/307/url?url=' .. target, {
      tls = { ca_file = certs.ca, cert = certs.client.cert, key = certs.client.key },
      options = options }))
    return res.body:match('\nclient: (%C*)')
  end

  local function as_option()
    local res = assert(curl.get(nginx.tls_client_url .. '/to/307/url?url=' .. nginx.tls_asks_url ..
      '/echo', { tls = { ca_file = certs.ca }, options = {
        sslcert_blob = process.read_file(certs.client.cert),
        sslkey_blob = process.read_file(certs.client.key) } }))
    return res.body:match('\nclient: (%C*)')
  end

  runs('is shown where it was given for, again after a redirect there', function()
    assert.equal('CN=client', arrives_as(nginx.tls_client_url, '/echo'))
  end)

  runs('is shown to no other server, whatever showed it there before', function()
    local elsewhere = nginx.tls_asks_url .. '/echo'
    for _ = 1, 2 do
      assert.equal('', arrives_as(nginx.tls_client_url, elsewhere))
      assert.equal('', arrives_as(nginx.url, elsewhere))
      assert.equal('', as_option())
      assert.equal('CN=client', arrives_as(nginx.tls_asks_url, '/echo'))
    end
  end)

  runs('is shown to others when the user says so, and libcurl does it', function()
    local shown = library.at_least(8, 21) and '' or 'CN=client'
    assert.equal(shown, arrives_as(nginx.tls_client_url, nginx.tls_asks_url .. '/echo',
      { unrestricted_auth = true }))
  end)
end)

describe('a signature', function()
  runs('is not made for another port', function()
    local other = echo.serve()
    local server = redirecting(function() return other.url end)
    assert(curl.get(server.url, { auth = 'me:sesame',
      options = { aws_sigv4 = 'aws:amz:region:service' } }))
    assert.matches('^AWS4%-HMAC', server.asked[1].headers.authorization)
    assert.is_nil(other.asked[1].headers.authorization)
  end)
end)

describe('two Location headers', function()
  -- libcurl follows the first that says something; from 8.17 on it refuses two that differ.
  local function with(lines)
    local other = echo.serve()
    local server
    server = echo.serve(function(request)
      if request.path == '/there' then
        return { body = 'arrived' }
      end
      local headers = {}
      for i, line in ipairs(lines) do
        headers[i] = line:gsub('AWAY', other.url):gsub('HOME', server.url)
      end
      return { status = 302, headers = headers }
    end)
    local res, err = curl.get(server.url, { headers = { ['X-Api-Key'] = 'sesame' },
      options = { cookie = 'id=sesame' } })
    return res, err, server, other
  end

  runs('are one when the other is empty', function()
    for _, lines in ipairs { { 'Location: AWAY/', 'Location:' },
      { 'Location: ', 'Location: AWAY/' } } do
      local res, err, _, other = with(lines)
      assert(res, err)
      assert.same({ 200, 'ok', 1 }, { res.status, res.body, #res.history })
      assert.is_nil(other.asked[1].head:find('sesame', 1, true))
      assert.equal(0, res.trailers:count())
    end
  end)

  runs('give nothing away, whichever is followed', function()
    for _, lines in ipairs { { 'Location: AWAY/', 'Location: /there' },
      { 'Location: /there', 'Location: AWAY/' } } do
      local res, err, server, other = with(lines)
      assert.is_true(res ~= nil or err.name == 'WEIRD_SERVER_REPLY')
      for _, request in ipairs(other.asked) do
        assert.is_nil(request.head:find('sesame', 1, true))
      end
      assert.is_not_nil(server.asked[1].headers['x-api-key'])
    end
  end)

  runs('of which one has a space before its colon are one', function()
    local res = assert(with { 'Location : AWAY/' })
    assert.same({ 302, 0 }, { res.status, #res.history })
  end)
end)

describe('an option that hides headers from luvcurl', function()
  runs('is its own', function()
    for _, name in ipairs { 'header', 'suppress_connect_headers' } do
      local ok, err = pcall(curl.get, 'http://127.0.0.1/', { options = { [name] = true } })
      assert.is_false(ok)
      assert.matches(name .. "' is luvcurl's own; use the request field 'on_response'", err)
    end
  end)
end)

describe('what is no secret', function()
  runs('goes along', function()
    local other = echo.serve()
    local server = redirecting(function() return other.url end, 307)
    local harmless = {
      Accept = 'a/b', ['Accept-Language'] = 'en', ['Cache-Control'] = 'no-cache',
      ['If-None-Match'] = '"a"', ['Content-Type'] = 'a/c', ['Content-Language'] = 'de',
      ['Range'] = 'bytes=0-1', ['User-Agent'] = 'me',
    }
    local headers = copy(harmless)
    headers['X-Token'] = 's'
    assert(curl.post(server.url, { body = 'b', headers = headers }))
    for name, value in pairs(harmless) do
      assert.equal(value, other.asked[1].headers[name:lower()])
    end
    assert.is_nil(other.asked[1].headers['x-token'])
  end)

  runs('is not made up where the user has left it out', function()
    local other = echo.serve()
    local server = redirecting(function() return other.url end)
    assert(curl.get(server.url, { headers = { ['User-Agent'] = false, ['X-Jwt'] = 's' } }))
    assert.is_nil(other.asked[1].headers['user-agent'])
  end)

  runs('does not change the next request like it', function()
    local other = echo.serve()
    local server = redirecting(function() return other.url end)
    for _ = 1, 3 do
      assert(curl.get(server.url, { headers = { ['X-Api-Key'] = 'sesame' }, auth = 'me:sesame' }))
    end
    for i = 1, 3 do
      assert.equal('sesame', server.asked[i].headers['x-api-key'])
      assert.equal('Basic bWU6c2VzYW1l', server.asked[i].headers.authorization)
      assert.is_nil(other.asked[i].headers['x-api-key'])
    end
  end)

  runs('goes elsewhere when the user says so', function()
    local other = echo.serve()
    local server = redirecting(function() return other.url end)
    assert(curl.get(server.url, { auth = 'me:sesame', options = { unrestricted_auth = true } }))
    assert.equal('Basic bWU6c2VzYW1l', other.asked[1].headers.authorization)
  end)
end)
