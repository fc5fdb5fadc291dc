-- The servers answer as the specs of luvcurl take for granted. Asked through curl's own program.

local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'
local uv = helper.uv

local nginx, certs = servers.nginx, servers.certs

-- Runs the curl program; returns its standard output and exit code.
local function curl(...)
  local args = { '--silent', '--show-error', '--max-time', '10', '--noproxy',
    '*', ... }
  return helper.await(function(done)
    local out, err, parts, left, code = uv.new_pipe(false), uv.new_pipe(false), {}, 3, nil
    local handle
    local function ended()
      left = left - 1
      if left == 0 then
        done(table.concat(parts), code)
      end
    end
    handle = assert(uv.spawn('curl', { args = args, stdio = { nil, out, err } }, function(status)
      code = status
      handle:close()
      ended()
    end))
    for _, pipe in ipairs { out, err } do
      pipe:read_start(function(_, data)
        if not data then
          pipe:close()
          ended()
        elseif pipe == out then
          parts[#parts + 1] = data
        end
      end)
    end
  end)
end

local function read(path)
  local file = assert(io.open(path, 'rb'))
  local text = file:read('*a')
  file:close()
  return text
end

local function runs(name, test)
  it(name, function() helper.run(test, 30000) end)
end

describe('nginx', function()
  runs('serves small answers and files', function()
    assert.equal('hello world\n', (curl(nginx.url .. '/small')))
    assert.equal(read(nginx.root .. '/16k'), (curl(nginx.url .. '/16k')))
    local head = curl('--head', nginx.url .. '/1g')
    assert.matches('Content%-Length: 1073741824', head)
    assert.matches('Accept%-Ranges: bytes', head)
    assert.matches('ETag: ', head)
    assert.matches('X%-Connection: %d+', head)
  end)

  runs('compresses', function()
    local plain = read(nginx.root .. '/text.txt')
    for _, coding in ipairs { 'gzip', 'br' } do
      local text = curl('--include', '--compressed', '--header', 'Accept-Encoding: ' .. coding,
        nginx.url .. '/text')
      assert.matches('Content%-Encoding: ' .. coding, text)
      assert.equal(plain, text:match('\r\n\r\n(.*)$'))
    end
    local size = curl('--output', '/dev/null', '--write-out', '%{size_download}',
      nginx.url .. '/bomb')
    assert.is_true(tonumber(size) > 9e6 and tonumber(size) < 12e6)
  end)

  runs('limits its rate', function()
    local _, code = curl('--max-time', '0.5', nginx.url .. '/slow')
    assert.equal(28, code)
    _, code = curl('--max-time', '0.5', nginx.url .. '/1m?rate=20k')
    assert.equal(28, code)
  end)

  runs('asks for a password', function()
    local function status(...)
      return (curl('--output', '/dev/null', '--write-out', '%{http_code}', ...))
    end
    assert.equal('401', status(nginx.url .. '/auth/'))
    assert.equal('401', status('--user', 'user:wrong', nginx.url .. '/auth/'))
    assert.equal('200', status('--user', 'user:pass', nginx.url .. '/auth/'))
  end)

  runs('answers any status', function()
    for _, status in ipairs { 204, 404, 500, 503 } do
      assert.equal(tostring(status), (curl('--output', '/dev/null', '--write-out', '%{http_code}',
        nginx.url .. '/status/' .. status)))
    end
  end)

  runs('redirects', function()
    assert.equal('arrived\n', (curl('--location', '--max-redirs', '60',
      nginx.url .. '/redirect/60')))
    local _, code = curl('--location', nginx.url .. '/redirect/loop')
    assert.equal(47, code)
    for _, status in ipairs { 301, 302, 303, 307, 308 } do
      assert.matches('^GET /echo HTTP/1.1\nhost: 127.0.0.1:' .. nginx.plain_port,
        (curl('--location', ('%s/to/%d/echo'):format(nginx.url, status))))
    end
    assert.matches('\nhost: 127.0.0.1:' .. nginx.other_port,
      (curl('--location', nginx.url .. '/to/302/other')))
    assert.matches('"method": ?"POST"',
      (curl('--location', '--data', 'x=1', nginx.url .. '/to/307/httpbin')))
    assert.matches('^GET /echo%?a=1 ',
      (curl('--location', nginx.url .. '/to/302/url?url=' .. nginx.other_url .. '/echo?a=1')))
  end)

  runs('stores uploads', function()
    local _, code = curl('--fail', '--upload-file', nginx.root .. '/1m', nginx.url .. '/dav/a/b')
    assert.equal(0, code)
    assert.equal(read(nginx.root .. '/1m'), read(nginx.dav_dir .. '/a/b'))
    assert.equal(read(nginx.root .. '/1m'), (curl(nginx.url .. '/dav/a/b')))
    _, code = curl('--fail', '--request', 'DELETE', nginx.url .. '/dav/a/b')
    assert.equal(0, code)
    assert.is_nil(uv.fs_stat(nginx.dav_dir .. '/a/b'))
    assert.equal('swallowed 1048576\n',
      (curl('--upload-file', nginx.root .. '/1m', nginx.url .. '/sink')))
  end)

  runs('writes down what it was asked', function()
    curl('--header', 'Range: bytes=1-2', nginx.url .. '/1k?mark=range')
    helper.wait_for(function() return read(nginx.log):find('mark=range', 1, true) end)
    assert.matches('"GET /1k%?mark=range HTTP/1.1" 206 2 .*range="bytes=1%-2"', read(nginx.log))
  end)
end)

describe('TLS', function()
  local function code(...)
    local _, exit = curl(...)
    return exit
  end

  runs('works with the right authority', function()
    assert.equal('hello world\n', (curl('--cacert', certs.ca, nginx.tls_url .. '/small')))
    assert.equal('hello world\n', (curl('--cacert', certs.ca, '--pinnedpubkey', certs.pin,
      nginx.tls_localhost_url .. '/small')))
    assert.equal('hello world\n', (curl('--cacert', '/nothing', '--insecure',
      nginx.tls_http1_url .. '/small')))
    assert.equal(0, code('--cacert', certs.ca, nginx.tls_1_2_url .. '/small'))
  end)

  runs('speaks HTTP/2, or not', function()
    local function version(url)
      return (curl('--cacert', certs.ca, '--output', '/dev/null', '--write-out',
        '%{http_version}', url))
    end
    assert.equal('2', version(nginx.tls_url .. '/small'))
    assert.equal('1.1', version(nginx.tls_http1_url .. '/small'))
  end)

  runs('fails where it should', function()
    assert.equal(60, code('--cacert', certs.other_ca, nginx.tls_url))
    assert.equal(60, code(nginx.tls_url))
    assert.equal(60, code('--cacert', certs.ca, nginx.tls_wrong_host_url))
    assert.equal(60, code('--cacert', certs.ca, nginx.tls_expired_url))
    assert.equal(60, code('--cacert', certs.ca, nginx.tls_self_signed_url))
    assert.equal(35, code('--cacert', certs.ca, '--tlsv1.3', nginx.tls_1_2_url))
  end)

  runs('asks for a client certificate', function()
    local url = nginx.tls_client_url .. '/small'
    assert.equal('400', (curl('--cacert', certs.ca, '--output', '/dev/null', '--write-out',
      '%{http_code}', url)))
    assert.equal('hello world\n', (curl('--cacert', certs.ca, '--cert', certs.client.cert,
      '--key', certs.client.key, url)))
    assert.equal('hello world\n', (curl('--cacert', certs.ca, '--cert', certs.client.cert,
      '--key', certs.client.encrypted_key, '--pass', certs.key_password, url)))
  end)
end)

describe('httpbin', function()
  runs('echoes', function()
    assert.matches('"method": ?"PATCH"', (curl('--request', 'PATCH', '--data', 'a=1',
      servers.httpbin.url .. '/anything')))
    assert.matches('"a": ?"1"', (curl('--form', 'a=1', servers.httpbin.url .. '/post')))
  end)

  runs('knows digest auth, encodings and chunked uploads', function()
    local url = servers.httpbin.url
    assert.matches('"authenticated": ?true', (curl('--digest', '--user', 'me:secret',
      url .. '/digest-auth/auth/me/secret')))
    for path, word in pairs { gzip = 'gzipped', deflate = 'deflated', brotli = 'brotli' } do
      assert.matches(('"%s": ?true'):format(word), (curl('--compressed', url .. '/' .. path)))
    end
    assert.matches('"data": ?"chunked body"', (curl('--header', 'Transfer-Encoding: chunked',
      '--header', 'Content-Type: text/plain', '--data', 'chunked body', url .. '/anything')))
  end)
end)

describe('other servers', function()
  runs('nghttpd echoes uploads and sends trailers', function()
    local text = curl('--cacert', certs.ca, '--http2', '--include', '--data', 'echo me',
      servers.nghttpd.url .. '/')
    assert.matches('^HTTP/2 200', text)
    assert.matches('echo me', text)
    -- libcurl 7.88 stops at the Content-Length, before the trailers: their announcement must do.
    assert.matches('trailer: x%-trailer', text)
  end)

  runs('proxies pass, with a password where one is needed', function()
    local proxy = servers.proxy
    local credentials = proxy.user .. ':' .. proxy.password
    local function through(url, which, ...)
      return (curl('--noproxy', '', '--cacert', certs.ca, '--proxy', which.url, '--output',
        '/dev/null', '--write-out', '%{http_code}/%{http_connect}', url, ...))
    end
    assert.equal('200/000', through(nginx.url .. '/small', proxy.http))
    assert.equal('200/200', through(nginx.tls_url .. '/small', proxy.http))
    assert.equal('407/000', through(nginx.url .. '/small', proxy.http_auth))
    assert.equal('200/000', through(nginx.url .. '/small', proxy.http_auth,
      '--proxy-user', credentials))
    assert.equal('200/200', through(nginx.tls_url .. '/small', proxy.http_auth,
      '--proxy-user', credentials))
    assert.equal('200/000', through(nginx.url .. '/small', proxy.socks))
    assert.equal('000/000', through(nginx.url .. '/small', proxy.socks_auth))
    assert.equal('200/000', through(nginx.url .. '/small', proxy.socks_auth,
      '--proxy-user', credentials))
  end)

  runs('FTP sends and stores', function()
    local ftp = servers.ftp
    local login = ftp.user .. ':' .. ftp.password
    assert.equal('hello over ftp\n', (curl('--user', login, ftp.url .. '/hello.txt')))
    curl('--user', login, '--upload-file', nginx.root .. '/16k', ftp.url .. '/up')
    assert.equal(read(nginx.root .. '/16k'), read(ftp.root .. '/up'))
  end)
end)
