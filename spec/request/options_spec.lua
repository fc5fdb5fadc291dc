-- The field `options`: every option of the loaded libcurl, by name, with values of every kind.

local core = require 'luvcurl_core'
local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local nginx, certs = servers.nginx, servers.certs

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

local function seen(options, fields)
  local server = echo.serve()
  local request = fields or {}
  request.url, request.options = server.url, options
  assert(curl.request(request))
  return server.asked[1]
end

-- The error of a call that must raise, without the place.
local function refusal(options)
  local ok, err = pcall(curl.get, { url = nginx.url, options = options })
  assert.is_false(ok)
  return (err:gsub('^[^:]*:%d+: ', ''))
end

describe('options', function()
  runs('take strings', function()
    assert.equal('spec/1', seen({ useragent = 'spec/1' }).headers['user-agent'])
    assert.equal('http://from.example/', seen({ referer = 'http://from.example/' }).headers.referer)
    assert.equal('a=b', seen({ cookie = 'a=b' }).headers.cookie)
    assert.equal('REPORT', seen({ customrequest = 'REPORT' }).method)
  end)

  runs('unset strings by false', function()
    assert.is_nil(seen({ useragent = false }).headers['user-agent'])
    assert.is_nil(seen({ accept_encoding = false }).headers['accept-encoding'])
  end)

  runs('take integers and booleans', function()
    assert.equal('HTTP/1.0', seen({ http_version = 1 }).head:match('HTTP/%d%.%d'))
    local server = echo.serve()
    for _, value in ipairs { 1, 0, true, false } do
      local given = value
      if given == nil then given = false end
      assert(curl.get { url = server.url .. '/a/../b', options = { path_as_is = given } })
    end
    -- The URL is put together by libcurl's parser before that option could count.
    for i = 1, 4 do
      assert.matches('/b$', server.asked[i].path)
    end
    local missing = nginx.url .. '/status/404'
    local res = assert(curl.get { url = missing, options = { failonerror = false } })
    assert.equal(404, res.status)
    local none, err = curl.get { url = missing, options = { failonerror = true } }
    assert.is_nil(none)
    assert.same({ 'HTTP_RETURNED_ERROR', 22 }, { err.name, err.code })
  end)

  runs('take sizes beyond 32 bits', function()
    for _, size in ipairs { '4294967301', '9007199254740991' } do
      local server = echo.serve(function()
        return { status = 206, headers = { ('Content-Range: bytes %s-%s/*'):format(size, size) },
          body = 'x' }
      end)
      assert(curl.get { url = server.url, options = { resume_from_large = tonumber(size) } })
      assert.equal(('bytes=%s-'):format(size), server.asked[1].headers.range)
    end
    local res, err = curl.get { url = nginx.url .. '/1g', options = { maxfilesize_large = 2 ^ 29 } }
    assert.is_nil(res)
    assert.equal('FILESIZE_EXCEEDED', err.name)
    assert.equal(200, assert(curl.head { url = nginx.url .. '/1g',
      options = { maxfilesize_large = 2 ^ 33 } }).status)
  end)

  runs('take lists', function()
    local server = echo.serve()
    local res = assert(curl.get { url = ('http://spec.example:%d/x'):format(server.port),
      options = { resolve = { ('spec.example:%d:127.0.0.1'):format(server.port) } } })
    assert.equal(200, res.status)
    assert.equal('spec.example:' .. server.port, server.asked[1].headers.host)
    res = assert(curl.get { url = 'http://other.example/y',
      options = { connect_to = { '::127.0.0.1:' .. server.port } } })
    assert.equal('ok', res.body)
    assert.equal('other.example', server.asked[2].headers.host)
    assert.equal('1', seen({ httpheader = { 'X-A: 1', 'X-B: 2' } }).headers['x-a'])
    assert(curl.get { url = server.url, options = { resolve = {} } })
  end)

  runs('take blobs with any byte', function()
    local path = os.tmpname()
    helper.defer(function() os.remove(path) end)
    local status = os.execute(("openssl pkcs12 -export -passout pass:pw "
      .. "-in '%s' -inkey '%s' -out '%s'"):format(certs.client.cert, certs.client.key, path))
    assert.is_true(status == 0 or status == true)
    local pkcs12 = process.read_file(path)
    assert.truthy(pkcs12:find('\0', 1, true))
    local session = curl.session()
    local function get(bytes)
      return session.get(nginx.tls_client_url .. '/small', { tls = { ca_file = certs.ca },
        options = { sslcert_blob = bytes, sslcerttype = 'P12', keypasswd = 'pw' } })
    end
    assert.equal('hello world\n', assert(get(pkcs12)).body)
    local _, err = get(pkcs12:sub(1, 100))
    assert.equal('SSL_CERTPROBLEM', err.name)
    session.close()
  end)

  runs('override what the fields say', function()
    local asked = seen({ useragent = 'of options', range = '5-6' },
      { range = '1-2', headers = { ['X-A'] = '1' } })
    assert.equal('of options', asked.headers['user-agent'])
    assert.equal('bytes=5-6', asked.headers.range)
    assert.equal('1', asked.headers['x-a'])
  end)

  runs('of one request do not reach the next', function()
    local server = echo.serve()
    assert(curl.get { url = server.url, options = { useragent = 'x', cookie = 'a=b' } })
    assert(curl.get(server.url))
    assert.matches('^luvcurl/', server.asked[2].headers['user-agent'])
    assert.is_nil(server.asked[2].headers.cookie)
  end)

  runs('may let other protocols in', function()
    local ftp = servers.ftp
    local _, err = curl.get(ftp.url .. '/hello.txt')
    assert.same({ 'UNSUPPORTED_PROTOCOL', 1 }, { err.name, err.code })
    local res = assert(curl.get { url = ftp.url .. '/hello.txt',
      options = { protocols_str = 'ftp', userpwd = ftp.user .. ':' .. ftp.password } })
    assert.equal('hello over ftp\n', res.body)
  end)

  runs('over one FTP connection, time and again', function()
    local ftp = servers.ftp
    local session = curl.session { auth = ftp.user .. ':' .. ftp.password, connect_timeout = 2000,
      options = { protocols_str = 'ftp' } }
    for _ = 1, 200 do
      assert.equal('hello over ftp\n', assert(session:get(ftp.url .. '/hello.txt')).body)
    end
  end)
end)

describe('wrong options', function()
  it('of the wrong type are named', function()
    assert.equal("option 'tcp_keepalive': expected an integer or a boolean, got string",
      refusal { tcp_keepalive = '1' })
    assert.equal("option 'maxredirs': expected an integer, got 1.5", refusal { maxredirs = 1.5 })
    assert.matches("^option 'maxredirs': expected an integer, got ", refusal { maxredirs = 1 / 0 })
    assert.matches("^option 'maxredirs': expected an integer, got ", refusal { maxredirs = 0 / 0 })
    assert.matches("^option 'resume_from_large': expected an integer, got ",
      refusal { resume_from_large = 2 ^ 60 })
    assert.equal("option 'resume_from_large': expected an integer or a boolean, got table",
      refusal { resume_from_large = {} })
    assert.equal("option 'useragent': expected a string, got number", refusal { useragent = 5 })
    assert.equal("option 'useragent': expected a string, got boolean",
      refusal { useragent = true })
    assert.equal('request.options.useragent: must not contain CR, LF or NUL',
      refusal { useragent = 'a\0b' })
    assert.equal("option 'httpheader': expected a list of strings, got string",
      refusal { httpheader = 'a: b' })
    assert.equal("option 'httpheader': expected a string, got number",
      refusal { httpheader = { 5 } })
    assert.equal("option 'cainfo_blob': expected a string, got table", refusal { cainfo_blob = {} })
  end)

  it('with values that libcurl refuses are named', function()
    assert.matches("^option 'http_version': ", refusal { http_version = 9999 })
    assert.matches("^option 'protocols_str': ", refusal { protocols_str = 'no-such-protocol' })
  end)

  it('that nobody knows are told with the nearest', function()
    assert.equal("unknown option 'tcp_keepaliv'; did you mean 'tcp_keepalive'?",
      refusal { tcp_keepaliv = true })
    assert.equal("unknown option 'TCP_KEEPALIVE'; did you mean 'tcp_keepalive'?",
      refusal { TCP_KEEPALIVE = true })
    assert.equal("unknown option 'user_agent'; did you mean 'useragent'?",
      refusal { user_agent = 'x' })
    assert.equal("unknown option 'zzzzzzzzzzzzzz'", refusal { zzzzzzzzzzzzzz = 1 })
    assert.equal('unknown option 1', refusal { 'x' })
  end)

  it('that belong to luvcurl are told with what to use', function()
    assert.equal("option 'writefunction' is luvcurl's own; use the request field 'on_data'",
      refusal { writefunction = print })
    assert.equal("option 'url' is luvcurl's own; use the request field 'url'",
      refusal { url = 'x' })
    assert.equal("option 'postfields' is luvcurl's own; use the request field 'body'",
      refusal { postfields = 'x' })
    assert.equal("option 'private' is luvcurl's own", refusal { private = 1 })
  end)

  it('that would do nothing are refused with what serves', function()
    assert.equal("option 'maxconnects' is luvcurl's own; max_connections of a Multi limits them",
      refusal { maxconnects = 1 })
    assert.equal("option 'upkeep_interval_ms' is luvcurl's own; " ..
      'tcp_keepalive keeps connections alive', refusal { upkeep_interval_ms = 1 })
  end)

  -- Whatever is new in libcurl and takes a plain value goes through.
  it('are all either let through or known to be luvcurl\'s own', function()
    local own = {}
    for name in ([[ url nosignal noprogress header suppress_connect_headers connect_only
      wildcardmatch postfieldsize postfieldsize_large infilesize infilesize_large maxconnects
      upkeep_interval_ms quick_exit errorbuffer stderr share httppost mimepost curlu postfields file
      copypostfields private stream_depends stream_depends_e infile writeheader
      ]]):gmatch('%S+') do
      own[name] = true
    end
    for _, name in ipairs(core.option_names()) do
      local callback = name:find('function$') or name:find('data$')
      assert.equal((own[name] or callback) and true or false,
        core.option_kind(name) == 'owned', name)
    end
  end)

  it('cannot reach any callback, pointer or socket function', function()
    local owned = 0
    for _, name in ipairs(core.option_names()) do
      if name:find('function$') or name:find('data$') or core.option_kind(name) == 'owned' then
        owned = owned + 1
        assert.matches(("^option '%s' is luvcurl's own"):format(name), refusal { [name] = 1 })
      end
    end
    assert.is_true(owned > 60, tostring(owned))
  end)

  it('are not a table', function()
    assert.equal('request.options: expected a table, got string', refusal 'verbose')
  end)
end)
