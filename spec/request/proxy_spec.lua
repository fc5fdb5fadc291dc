-- Proxies: HTTP, CONNECT and SOCKS, with and without a password; the environment's.

local curl = require 'luvcurl'
local child = require 'spec.support.child'
local echo = require 'spec.support.echo'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local library = require 'luvcurl/host/library'
local servers = require 'spec.support.servers'

local nginx, certs, proxy = servers.nginx, servers.certs, servers.proxy

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

local function get(url, through)
  return curl.get(url, { proxy = through, tls = { ca_file = certs.ca } })
end

describe('a proxy', function()
  runs('of HTTP is asked with the whole URL', function()
    local server = echo.serve(function(request)
      return { body = request.path .. ' for ' .. request.headers.host }
    end)
    local res = assert(curl.get('http://name.example/x?y', { proxy = server.url }))
    assert.equal('http://name.example/x?y for name.example', res.body)
    assert.equal('http://name.example/x?y', res.url)
    assert.is_nil(server.asked[1].headers['proxy-authorization'])
  end)

  runs('passes requests on', function()
    for _, through in ipairs { proxy.http.url, proxy.socks.url } do
      local res = assert(get(nginx.url .. '/echo', through))
      assert.matches('^GET /echo HTTP/1', res.body)
      res = assert(get(nginx.tls_url .. '/small', through))
      assert.same({ 200, 'hello world\n', '2' }, { res.status, res.body, res.http_version })
    end
  end)

  runs('asks for a password', function()
    local with = { url = proxy.http_auth.url, user = proxy.user, password = proxy.password }
    assert.equal(407, assert(get(nginx.url .. '/small', proxy.http_auth.url)).status)
    assert.equal('hello world\n', assert(get(nginx.url .. '/small', with)).body)
    local res = assert(get(nginx.tls_url .. '/small', with))
    assert.equal('hello world\n', res.body)
    -- the headers of the proxy's own answer are not the server's
    assert.is_nil(res.headers['proxy-agent'])

    local through_url = proxy.http_auth.url:gsub('//',
      ('//%s:%s@'):format(proxy.user, proxy.password))
    assert.equal('hello world\n', assert(get(nginx.url .. '/small', through_url)).body)

    local _, err = get(nginx.tls_url .. '/small',
      { url = proxy.http_auth.url, user = proxy.user, password = 'sesame' })
    assert.is_string(err.name)
    assert.matches('40[17]', err.message)
    assert.is_nil(tostring(err):find('sesame', 1, true))
  end)

  runs('of SOCKS asks too', function()
    local with = { url = proxy.socks_auth.url, user = proxy.user, password = proxy.password }
    assert.equal('hello world\n', assert(get(nginx.url .. '/small', with)).body)
    local res, err = get(nginx.url .. '/small', proxy.socks_auth.url)
    assert.is_nil(res)
    assert.same({ 'PROXY', 'connect' }, { err.name, err.phase })
  end)

  runs('gets its own password and no other', function()
    local server = echo.serve()
    assert(curl.get('http://name.example/', {
      proxy = { url = server.url, user = 'p', password = 'q' }, auth = 'u:s' }))
    assert.equal('Basic cDpx', server.asked[1].headers['proxy-authorization'])
    assert.equal('Basic dTpz', server.asked[1].headers.authorization)
  end)

  runs('does not see what goes to the server through a tunnel', function()
    local server = fault.serve(function(conn)
      local request = conn:request()
      assert.equal('CONNECT', request.method)
      assert.equal('name.example:443', request.path)
      assert.is_nil(request.headers.authorization)
      assert.is_nil(request.headers.cookie)
      assert.is_nil(request.headers['x-secret'])
      conn:send('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n')
    end)
    local res, err = curl.get('https://name.example/', { proxy = server.url, auth = 'u:s',
      headers = { cookie = 'a=b', ['X-Secret'] = 's' } })
    assert.is_nil(res)
    assert.matches('503', err.message)
    assert.equal(1, server.connections)
  end)

  runs('that is not there is an error', function()
    local url, port = fault.refused()
    local res, err = get(nginx.url .. '/small', url)
    assert.is_nil(res)
    assert.same({ 'COULDNT_CONNECT', 'connect' }, { err.name, err.phase })
    assert.truthy(err.message:find(tostring(port), 1, true), err.message)
    res, err = get(nginx.url .. '/small', 'http://no.such.host.invalid:1')
    assert.is_nil(res)
    assert.same({ 'COULDNT_RESOLVE_PROXY', 'resolve' }, { err.name, err.phase })
  end)
end)

describe('a proxy that libcurl cannot use', function()
  runs('is named without its password', function()
    local long = ('x'):rep(300)
    for _, through in ipairs { 'foo://user:sesame@localhost:1/', 'http://user:sesame@local host:1/',
      'http://user:sesame@localhost:99999/', 'socks9://user:sesame@127.0.0.1:1',
      'foo://us@er:ses@me@localhost', 'foo://user:sesame' .. long .. '@localhost' } do
      local res, err = curl.get('http://name.example/', { proxy = through })
      assert.is_nil(res)
      assert.is_nil(tostring(err):find('ses', 1, true), err.message)
      assert.matches('proxy', err.message)
    end
    local _, err = curl.get('http://name.example/',
      { options = { pre_proxy = 'foo://user:sesame@localhost' }, proxy = false })
    assert.is_nil(tostring(err):find('sesame', 1, true))
    assert.matches("'foo://localhost'", err.message)
  end)
end)

describe('a Proxy-Authorization header of the user\'s', function()
  local HEADERS = { { headers = { ['Proxy-Authorization'] = 'Basic sesame' } },
    { options = { httpheader = { 'proxy-authorization: Basic sesame' } } },
    { headers = { ['Proxy-Authorization'] = 'Basic sesame' }, options = { headeropt = 0 } } }

  local function request_with(fields, more)
    local request = { tls = { ca_file = certs.ca } }
    for _, each in ipairs { fields, more } do
      for name, value in pairs(each) do
        request[name] = value
      end
    end
    return request
  end

  runs('goes to the proxy that is asked', function()
    for _, fields in ipairs(HEADERS) do
      local server = echo.serve()
      assert(curl.get('http://name.example/', request_with(fields, { proxy = server.url })))
      assert.equal('Basic sesame', server.asked[1].headers['proxy-authorization'])
    end
  end)

  runs('goes to the proxy that makes a tunnel, and not through it', function()
    for _, fields in ipairs(HEADERS) do
      local server = echo.serve(function() return { status = 503 } end)
      assert.is_nil(curl.get('https://name.example/', request_with(fields, { proxy = server.url })))
      assert.equal('Basic sesame', server.asked[1].headers['proxy-authorization'])
      local res = assert(curl.get(nginx.tls_url .. '/echo',
        request_with(fields, { proxy = proxy.http.url })))
      assert.is_nil(res.body:find('sesame', 1, true))
    end
  end)

  runs('goes to no server', function()
    for _, fields in ipairs(HEADERS) do
      local server = echo.serve()
      assert(curl.get(server.url, request_with(fields, { proxy = false })))
      assert.is_nil(server.asked[1].head:find('sesame', 1, true))
    end
  end)
end)

describe('bypass', function()
  runs('names those who are asked directly', function()
    local url = fault.refused()
    for _, bypass in ipairs { '127.0.0.1', '*', 'example.org,127.0.0.1',
      { 'x.org', '127.0.0.1' } } do
      local res = assert(get(nginx.url .. '/small', { url = url, bypass = bypass }))
      assert.equal(200, res.status)
    end
    local _, err = get(nginx.url .. '/small', { url = url, bypass = { 'example.org' } })
    assert.equal('COULDNT_CONNECT', err.name)
  end)
end)

describe('the environment', function()
  -- Gives back what a script printed that ran with these variables.
  local function output_with(variables, url, fields)
    local result = child.run(([[
      local curl = require 'luvcurl'
      local res, err = curl.get(%q, %s)
      io.write(res and res.status .. ' ' .. res.body or err.name)
    ]]):format(url, fields or '{}'), { env = variables })
    assert.equal('', result.err)
    assert.equal(0, result.code)
    return result.out
  end

  runs('names proxies', function()
    local server = echo.serve(function(request) return { body = request.path } end)
    local url = 'http://name.example/x'
    assert.equal('200 ' .. url, output_with({ http_proxy = server.url }, url))
    assert.equal('200 ' .. url, output_with({ all_proxy = server.url }, url))
    -- not this one: a CGI script has it from the client
    assert.equal('COULDNT_RESOLVE_HOST', output_with({ HTTP_PROXY = server.url },
      'http://no.such.host.invalid/'))
    assert.equal('200 /y', output_with({ http_proxy = (fault.refused()), no_proxy = '127.0.0.1' },
      server.url .. '/y'))
    assert.equal('200 /z', output_with({ http_proxy = (fault.refused()) }, server.url .. '/z',
      '{ proxy = false }'))
    assert.equal('COULDNT_CONNECT', output_with({ http_proxy = (fault.refused()) },
      server.url .. '/z'))
  end)

  local function redirecting(to)
    return echo.serve(function()
      return { status = 302, headers = { 'Location: ' .. to } }
    end)
  end

  runs('names another proxy for where a redirect leads', function()
    local tunnel = echo.serve(function() return { status = 503 } end)
    assert.equal('COULDNT_CONNECT', output_with({ https_proxy = tunnel.url },
      redirecting('https://name.example/').url):gsub('RECV_ERROR', 'COULDNT_CONNECT'))
    assert.equal('CONNECT name.example:443', tunnel.asked[1].head:match('^(%S+ %S+)'))
  end)

  runs('may name none for where a redirect leads', function()
    local through = redirecting(nginx.tls_url .. '/small')
    local fields = ('{ tls = { ca_file = %q } }'):format(certs.ca)
    assert.equal('200 hello world\n',
      output_with({ http_proxy = through.url }, 'http://name.example/', fields))
    assert.equal('200 hello world\n', output_with({ http_proxy = through.url,
      https_proxy = (fault.refused()), no_proxy = '127.0.0.1,localhost' },
      'http://name.example/', fields))
  end)

  runs('is not asked where the request names its proxy', function()
    local through = redirecting(nginx.tls_url .. '/small')
    local fields = ('{ tls = { ca_file = %q }, proxy = false }'):format(certs.ca)
    assert.equal('200 hello world\n',
      output_with({ https_proxy = (fault.refused()) }, through.url, fields))
  end)

  runs('names proxies by the scheme', function()
    local server = echo.serve(function(request) return { body = request.path } end)
    local url = 'ftp://name.example/x'
    local fields = "{ options = { protocols_str = 'ftp' } }"
    if not library.at_least(7, 85) then
      fields = '{ options = { protocols = 4 } }'
    end
    assert.equal('200 ' .. url, output_with({ ftp_proxy = server.url }, url, fields))
    assert.equal('200 ' .. url, output_with({ FTP_PROXY = server.url }, url, fields))
    assert.equal('200 ' .. url, output_with({ all_proxy = server.url }, url, fields))
    assert.equal(3, server.connections)
    assert.equal('COULDNT_RESOLVE_HOST', output_with(
      { http_proxy = server.url, https_proxy = server.url }, 'ftp://no.such.host.invalid/', fields))
    assert.equal(3, server.connections)
  end)

  runs('counts as it is now, not as it was when the library was loaded', function()
    local server = echo.serve(function(request) return { body = request.path } end)
    local result = child.run(([[
      local curl = require 'luvcurl'
      local uv = require('luvcurl/host/host').uv
      local function show(wait)
        uv.sleep(wait)
        local res, err = curl.get('http://no.such.host.invalid/')
        io.write(res and res.status or err.name, ' ')
      end
      show(0)
      uv.os_setenv('http_proxy', %q)
      show(1100)
      uv.os_setenv('no_proxy', 'no.such.host.invalid')
      show(1100)
      uv.os_unsetenv('no_proxy')
      uv.os_unsetenv('http_proxy')
      show(1100)
    ]]):format(server.url))
    assert.equal('', result.err)
    assert.equal('COULDNT_RESOLVE_HOST 200 COULDNT_RESOLVE_HOST COULDNT_RESOLVE_HOST ', result.out)
  end)
end)
