-- What an attacker may try: lines smuggled into requests, protocols nobody asked for, servers with
-- certificates of their own, secrets that show, descriptors that children inherit.

local core = require 'luvcurl_core'
local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local nginx, certs, ftp = servers.nginx, servers.certs, servers.ftp

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

describe('a line of its own', function()
  local URL = nginx.url .. '/small'

  it('cannot be smuggled in by any option of libcurl', function()
    local tried = 0
    for _, name in ipairs(core.option_names()) do
      local kind = core.option_kind(name)
      if kind == 'string' or kind == 'list' then
        for _, byte in ipairs { '\r', '\n', '\r\n', '\0' } do
          local text = ('a%sX-Smuggled: yes'):format(byte)
          if byte == '\0' then
            text = 'a\0X-Smuggled: yes' -- COMPAT: PUC Lua 5.1's %s ends at a NUL
          end
          local value = kind == 'list' and { 'fine', text } or text
          local ok, err = pcall(curl.get, URL, { options = { [name] = value } }, helper.never())
          assert.is_false(ok, name)
          assert.truthy(err:find(('request.options.%s%s: must not contain CR, LF or NUL'):format(
            name, kind == 'list' and '[2]' or ''), 1, true), err)
          tried = tried + 1
        end
      end
    end
    assert.is_true(tried > 200, tried)
  end)

  it('cannot be smuggled in by a part of a form', function()
    for _, byte in ipairs { '\r', '\n', '\0' } do
      local text = 'a' .. byte .. 'b'
      for _, part in ipairs { { name = text, data = 'x' }, { name = 'n', data = 'x', type = text },
        { name = 'n', data = 'x', filename = text },
        { name = 'n', data = 'x', headers = { A = text } },
        { name = 'n', data = 'x', headers = { [text] = 'x' } } } do
        local ok, err = pcall(curl.post, URL, { multipart = { part } }, helper.never())
        assert.is_false(ok)
        assert.matches('must not contain CR, LF or NUL', err)
      end
    end
  end)

  runs('cannot be smuggled in by the name of a file', function()
    local server = echo.serve()
    local dir = process.temp_dir('names')
    helper.defer(function() process.remove_tree(dir) end)
    local path = process.write_file(dir .. '/a\r\nX-Smuggled: yes', 'content')
    local ok, err = pcall(curl.post, server.url, { multipart = { { name = 'f', file = path } } })
    assert.is_false(ok)
    assert.matches('must not contain CR, LF or NUL', err)
    assert(curl.post(server.url, { multipart = { { name = 'f', file = path, filename = 'a' } } }))
    assert.is_nil(server.asked[1].body:find('\nX-Smuggled', 1, true))
    assert.is_nil(server.asked[1].head:find('\nX-Smuggled', 1, true))
  end)

  runs('is encoded in queries, forms and what a redirect says', function()
    local server = echo.serve(function(request)
      if request.path == '/from' then
        return { status = 302, headers = { 'Location: /to%0d%0aX-Smuggled:%20yes' } }
      end
      return { body = 'ok' }
    end)
    local text = 'a\r\nX-Smuggled: yes\0'
    assert(curl.get(server.url, { query = { [text] = text } }))
    assert(curl.post(server.url, { form = { [text] = text } }))
    assert(curl.get(server.url .. '/from'))
    for _, request in ipairs(server.asked) do
      assert.is_nil(request.headers['x-smuggled'], request.head)
      assert.is_nil(request.body:find('[\r\n%z]'))
    end
    assert.equal('/to%0d%0aX-Smuggled:%20yes', server.asked[4].path)
  end)

  runs('cannot be smuggled in by credentials in a URL', function()
    local server = echo.serve()
    for _, scheme in ipairs { 'basic', 'digest' } do
      curl.get((server.url:gsub('//', '//a%%0d%%0aX-Smuggled:b@')) .. '/',
        { auth = scheme == 'digest' and { user = 'u', scheme = scheme } or nil })
    end
    for _, request in ipairs(server.asked) do
      assert.is_nil(request.headers['x-smuggled'], request.head)
    end
    assert.is_true(#server.asked > 0)
  end)
end)

describe('cookies', function()
  local function baker()
    return echo.serve(function(request, n)
      return { headers = { ('Set-Cookie: from%d=%s'):format(n, request.path:sub(2)) } }
    end)
  end

  runs('of one session are never seen by another, nor by requests without one', function()
    local server = baker()
    local one = curl.session { options = { cookiefile = '' } }
    local two = curl.session { options = { cookiefile = '' } }
    for _ = 1, 3 do
      assert(one.get(server.url .. '/one'))
      assert(two.get(server.url .. '/two'))
      assert(curl.get(server.url .. '/none'))
    end
    for _, request in ipairs(server.asked) do
      local cookie = request.headers.cookie or ''
      local mine = request.path:sub(2)
      for value in cookie:gmatch('=(%w+)') do
        assert.equal(mine, value)
      end
      assert.is_true(mine ~= 'none' or cookie == '')
    end
    one.close()
    two.close()
  end)

  runs('of a request do not stay in the handle that it used', function()
    local server = baker()
    local m = curl.session()
    for _ = 1, 3 do
      assert(m.get(server.url .. '/a', { options = { cookie = 'id=sesame' } }))
      assert(m.get(server.url .. '/a', { headers = { Cookie = 'id=sesame' } }))
      assert(m.get(server.url .. '/b'))
      assert(m.get(server.url .. '/b', { options = { useragent = 'x' } }))
    end
    for _, request in ipairs(server.asked) do
      assert.equal(request.path == '/a' and 'id=sesame' or nil, request.headers.cookie)
    end
    m.close()
  end)
end)

describe('a protocol', function()
  runs('that nobody asked for is not spoken', function()
    for _, scheme in ipairs(curl.version().protocols) do
      if scheme ~= 'http' and scheme ~= 'https' then
        local url = scheme .. (scheme == 'file' and ':///etc/hostname' or '://127.0.0.1:1/x')
        local res, err = curl.get(url)
        assert.is_nil(res, scheme)
        assert.equal('UNSUPPORTED_PROTOCOL', err.name, scheme)
      end
    end
  end)

  runs('of files is spoken when it is asked for by name, and never after a redirect', function()
    local dir = process.temp_dir('file')
    helper.defer(function() process.remove_tree(dir) end)
    local url = 'file://' .. process.write_file(dir .. '/secret', 'inside')
    local options = { protocols_str = 'http,file' }
    assert.equal('inside', assert(curl.get(url, { options = options })).body)
    local server = echo.serve(function()
      return { status = 302, headers = { 'Location: ' .. url } }
    end)
    for _, each in ipairs { { protocols_str = 'http,file' }, {} } do
      local res, err = curl.get(server.url, { options = each })
      assert.is_nil(res)
      assert.equal('UNSUPPORTED_PROTOCOL', err.name)
    end
  end)
end)

describe('certificates', function()
  runs('are checked by every protocol over TLS', function()
    for _, scheme in ipairs { 'https', 'ftps', 'imaps', 'pop3s', 'smtps', 'gophers' } do
      local url = ('%s://127.0.0.1:%d/'):format(scheme, nginx.tls_1_2_port)
      local res, err = curl.get(url, { options = { protocols_str = scheme } })
      assert.is_nil(res, scheme)
      assert.same({ scheme, 'PEER_FAILED_VERIFICATION', 'tls' }, { scheme, err.name, err.phase })
    end
  end)

  runs('are checked for the host they were asked for', function()
    for _, scheme in ipairs { 'https', 'ftps', 'imaps', 'pop3s', 'smtps' } do
      local url = ('%s://127.0.0.1:%d/'):format(scheme, nginx.tls_wrong_host_port)
      local _, err = curl.get(url, { tls = { ca_file = certs.ca },
        options = { protocols_str = scheme } })
      assert.same({ scheme, 'PEER_FAILED_VERIFICATION' }, { scheme, err.name })
    end
  end)

  runs("of a proxy are checked, and are not the server's to excuse", function()
    local proxy = nginx.tls_url
    for _, tls in ipairs { {}, { verify = false } } do
      local res, err = curl.get(nginx.url .. '/small', { proxy = proxy, tls = tls })
      assert.is_nil(res)
      assert.equal('PEER_FAILED_VERIFICATION', err.name)
    end
  end)

  runs('that were asked for are not done without', function()
    local server = fault.serve(function(conn)
      conn:send('220 ready\r\n')
      while conn:read_until('\r\n') do
        conn:send('500 no\r\n')
      end
    end)
    local url = server.url:gsub('^http', 'ftp')
    local res, err = curl.get(url, { options = { protocols_str = 'ftp', use_ssl = 3 } })
    assert.is_nil(res)
    assert.equal('USE_SSL_FAILED', err.name)
  end)
end)

describe('secrets', function()
  runs('are not told by info', function()
    local server = echo.serve(function(request)
      if request.path == '/from' then
        return { status = 302, headers = { 'Location: http://me:sesame@nowhere.invalid/' } }
      end
      return { body = 'ok' }
    end)
    local url = server.url:gsub('//', '//me:sesame@')
    local t
    local function look(kind)
      for _, name in ipairs { 'effective_url', 'redirect_url' } do
        local value = t:info(name)
        assert.is_nil(tostring(value):find('sesame', 1, true), kind .. ', ' .. name)
      end
    end
    assert.is_nil(helper.await(function(done)
      t = curl.get(url .. '/', { on_response = function() look('during') end }, done)
    end))
    look('after')
    assert.equal(server.url .. '/', t:info('effective_url'))
    local told
    local res = assert(curl.get(server.url .. '/from', { redirects = false,
      on_response = function(r) told = r:info('redirect_url') end }))
    assert.equal(302, res.status)
    assert.equal('http://nowhere.invalid/', told)
  end)
end)

describe('descriptors', function()
  -- Those that a child has, by what they are; but for libcurl's own pairs of sockets, by which its
  -- threads wake it (COMPAT: close-on-exec in libcurl 8.10 and up).
  local function inherited()
    local unix = {}
    for line in io.lines('/proc/net/unix') do
      unix[line:match('^%S+ %S+ %S+ %S+ %S+ %S+ +(%d+)') or ''] = true
    end
    local list = {}
    local pipe = assert(io.popen('ls -l /proc/self/fd'))
    for line in pipe:lines() do
      local what = line:match('-> (.*)$')
      local socket = what and what:match('^socket:%[(%d+)%]$')
      if what and not (socket and unix[socket]) and not what:match('^/proc/')
        and not what:match('^pipe:') then
        list[what] = true
      end
    end
    pipe:close()
    return list
  end

  local function assert_nothing_new(before)
    for what in pairs(inherited()) do
      assert.is_true(before[what], what)
    end
  end

  runs('of connections, uploads and downloads are not inherited', function()
    local before = inherited()
    local dir = process.temp_dir('inherit')
    helper.defer(function() process.remove_tree(dir) end)
    local path, looked = process.write_file(dir .. '/up', ('x'):rep(100000)), 0
    local function look()
      looked = looked + 1
      assert_nothing_new(before)
    end
    local session = curl.session { tls = { ca_file = certs.ca } }
    assert(session.get(nginx.tls_localhost_url .. '/16k', { on_data = look }))
    assert(session.post(nginx.url .. '/sink', { body = { file = path }, on_response = look }))
    assert(curl.download(nginx.url .. '/1m', dir .. '/down', { on_response = look }))
    look()
    assert.is_true(looked >= 4)
    session.close()
  end)

  runs('that an FTP server connects to are not inherited', function()
    local before, looked = inherited(), 0
    -- more than fits into the sockets' buffers: the connection is there while we look
    local path = process.write_file(ftp.root .. '/inherit', ('x'):rep(2 ^ 25))
    helper.defer(function() os.remove(path) end)
    for _, port in ipairs { '-', false } do
      local first = true
      local res = assert(curl.get(ftp.url .. '/inherit', {
        auth = { user = ftp.user, password = ftp.password }, high_water = 1000,
        options = { protocols_str = 'ftp', ftpport = port or nil },
        on_data = function()
          if first then
            first, looked = false, looked + 1
            assert_nothing_new(before)
          end
        end,
      }))
      assert.is_number(res.status)
    end
    assert.equal(2, looked)
  end)
end)
