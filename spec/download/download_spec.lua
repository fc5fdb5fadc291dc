-- curl.download: what it writes, where, and what it refuses.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local uv, nginx = helper.uv, servers.nginx

local function runs(name, test, ms)
  it(name, function() helper.run(function() test(folder.new()) end, ms) end)
end

local function served(name)
  return process.read_file(nginx.root .. '/' .. name)
end

describe('curl.download', function()
  for _, name in ipairs { 'empty', '1b', '1k', '16k', '1m', '10m' } do
    runs('writes every byte of ' .. name, function(dir)
      local res = assert(curl.download(nginx.url .. '/' .. name, dir:at('x')))
      local expected = served(name)
      assert.is_true(dir:read('x') == expected)
      assert.same({ 'x' }, dir:names())
      assert.same({ 200, true, #expected, 0, dir:at('x') },
        { res.status, res.ok, res.bytes, res.resumed, res.path })
      assert.is_nil(res.body)
      assert.equal(tostring(#expected), res.headers['content-length'])
    end)
  end

  it('waits in the main chunk', function()
    local dir = folder.new()
    local res = assert(curl.download(nginx.url .. '/1k', dir:at('x')))
    assert.same({ 1024, 1024 }, { res.bytes, #dir:read('x') })
    local none, err = curl.download(nginx.url .. '/status/404', dir:at('y'))
    assert.same({ false, 'HTTP_RETURNED_ERROR' }, { none or false, err.name })
    assert.same({ 'x' }, dir:names())
  end)

  runs('calls back', function(dir)
    local d
    d = curl.download(nginx.url .. '/1m', dir:at('x'), {}, helper.expect(1, function(err, res)
      assert.is_nil(err)
      assert.equal(2 ^ 20, res.bytes)
      assert.equal('done', d:state())
      assert.is_false(d:cancel())
    end))
    assert.equal('queued', d:state())
    curl.download(nginx.url .. '/status/404', dir:at('y'), helper.expect(1, function(err, res)
      assert.same({ 'HTTP_RETURNED_ERROR', false }, { err.name, res or false })
    end))
  end)

  runs('is a verb of sessions too', function(dir)
    local session = curl.session { base_url = nginx.url, headers = { ['X-Secret'] = 's' } }
    assert(session:download('/echo', dir:at('x')))
    assert.matches('x%-secret: s', dir:read('x'))
    session:close()
    local res, err = session:download('/echo', dir:at('y'))
    assert.is_nil(res)
    assert.equal('FAILED_INIT', err.name)
    assert.matches('^[^/]*closed', err.message)
    assert.same({ 'x' }, dir:names())
  end)

  runs('takes a path relative to the directory of the call', function(dir)
    local before = uv.cwd()
    helper.defer(function() uv.chdir(before) end)
    uv.chdir(dir.path)
    curl.download(nginx.url .. '/1k', 'x', helper.expect(1, function(err, res)
      assert.is_nil(err)
      assert.equal('x', res.path)
      assert.same({ 'x' }, dir:names())
    end))
    uv.chdir('/')
  end)

  runs('asks for no compression unless told so', function(dir)
    local res = assert(curl.download(nginx.url .. '/text', dir:at('x')))
    assert.is_nil(res.headers['content-encoding'])
    res = assert(curl.download(nginx.url .. '/text', dir:at('y'), { accept_encoding = true }))
    assert.truthy(res.headers['content-encoding'])
    assert.is_true(dir:read('x') == served('text.txt'))
    assert.is_true(dir:read('y') == served('text.txt'))
  end)

  runs('follows redirects and sends bodies', function(dir)
    local res = assert(curl.download(nginx.url .. '/redirect/2', dir:at('x')))
    assert.same({ 'arrived\n', 2 }, { dir:read('x'), #res.history })
    assert(curl.download(nginx.url .. '/sink', dir:at('x'), { body = 'seven b' }))
    assert.equal('swallowed 7\n', dir:read('x'))
  end)

  runs('works over HTTP/2 and FTP', function(dir)
    local tls = { ca_file = servers.certs.ca }
    assert(curl.download(nginx.tls_url .. '/10m', dir:at('x'), { tls = tls }))
    assert.is_true(dir:read('x') == served('10m'))
    local ftp = servers.ftp
    local body = ('0123456789'):rep(1000)
    local file = assert(io.open(ftp.root .. '/download.txt', 'wb'))
    file:write(body)
    file:close()
    local url = ('ftp://127.0.0.1:%d/download.txt'):format(ftp.port)
    local res = assert(curl.download(url, dir:at('y'),
      { auth = ftp.user .. ':' .. ftp.password, options = { protocols_str = 'ftp' } }))
    assert.same({ body, 10000 }, { dir:read('y'), res.bytes })
  end)
end)

describe('the target', function()
  runs('is the old file until the new one is complete', function(dir)
    dir:write('x', 'old')
    local server = fault.half(function(conn)
      helper.sleep(100)
      local names = dir:names()
      assert.same({ 2, 'x', 'old' }, { #names, names[1], dir:read('x') })
      assert.matches('^x%..*%.part$', names[2])
      conn:send(('b'):rep(1000))
    end)
    assert(curl.download(server.url, dir:at('x')))
    assert.equal(('a'):rep(1000) .. ('b'):rep(1000), dir:read('x'))
    assert.same({ 'x' }, dir:names())
  end)

  runs('keeps its permissions and stays a link', function(dir)
    dir:write('real', 'old')
    assert(uv.fs_chmod(dir:at('real'), 292)) -- 0444
    assert(uv.fs_symlink('real', dir:at('link')))
    assert(curl.download(nginx.url .. '/1k', dir:at('link')))
    assert.equal('link', uv.fs_lstat(dir:at('link')).type)
    assert.same({ 1024, 292 }, { #dir:read('real'), uv.fs_stat(dir:at('real')).mode % 512 })
    assert.same({ 'link', 'real' }, dir:names())
  end)

  runs('may have the longest of names', function(dir)
    local name = ('n'):rep(255)
    assert(curl.download(nginx.url .. '/1k', dir:at(name)))
    assert.same({ name }, dir:names())
    local res, err = curl.download(nginx.url .. '/1k', dir:at(name .. 'n'))
    assert.same({ false, 'WRITE_ERROR' }, { res or false, err.name })
    assert.same({ name }, dir:names())
  end)

  runs('is not touched when the status says so', function(dir)
    dir:write('x', 'old')
    local server = fault.serve(fault.response { status = 304 })
    local res = assert(curl.download(server.url, dir:at('x'),
      { headers = { ['If-None-Match'] = '"a"' } }))
    assert.same({ 304, 0, 'old' }, { res.status, res.bytes, dir:read('x') })
    local cases = { ['/status/404'] = 404, ['/status/500'] = 500, ['/redirect/1'] = 302 }
    for path, status in pairs(cases) do
      local none, err = curl.download(nginx.url .. path, dir:at('x'), { redirects = false })
      assert.is_nil(none)
      assert.same({ 'HTTP_RETURNED_ERROR', 22, status },
        { err.name, err.code, err.response.status })
      assert.matches('^the server answered ' .. status, err.message)
      assert.truthy(err.response.headers.server)
      assert.equal(nginx.url .. path, err.url)
    end
    assert.same({ 'x' }, dir:names())
    assert.equal('old', dir:read('x'))
  end)
end)

describe('curl.download refuses', function()
  local cases = {
    ['no string'] = { { nil, 'x' }, 'request.url: expected a string, got nil' },
    ['no path'] = { { 'http://h/' }, 'download path: expected a string, got nil' },
    ['an empty path'] = { { 'http://h/', '' }, 'must not be empty' },
    ['NUL in a path'] = { { 'http://h/', 'a\0b' }, 'must not be empty or contain NUL' },
    ['a second URL'] = { { 'http://h/', 'x', { url = 'y' } }, 'is given twice' },
    ['on_data'] = { { 'http://h/', 'x', { on_data = print } }, 'no on_data here' },
    ['range'] = { { 'http://h/', 'x', { range = '0-' } }, 'no range here: use resume' },
    ['unknown fields'] = { { 'http://h/', 'x', { timout = 1 } }, "did you mean 'timeout'" },
    ['a bad URL'] = { { 'http://h:99999/', 'x' }, 'url: ' },
    ['half a checksum'] = { { 'http://h/', 'x', { sha256 = 'abc' } }, '64 hexadecimal digits' },
    ['compressed parts'] = { { 'http://h/', 'x', { resume = true, accept_encoding = true } },
      'takes no accept_encoding' },
    ['parts of a POST'] = { { 'http://h/', 'x', { resume = true, method = 'POST' } },
      'only a GET' },
    ['a second range'] = { { 'http://h/', 'x', { resume = true, headers = { { 'range', 'x' } } } },
      'sets the header range itself' },
    ['resume = 1'] = { { 'http://h/', 'x', { resume = 1 } }, 'expected a boolean' },
  }
  for name, case in pairs(cases) do
    it(name, function()
      local arguments = case[1]
      local ok, err = pcall(curl.download, arguments[1], arguments[2], arguments[3],
        helper.never())
      assert.is_false(ok)
      assert.truthy(tostring(err):find(case[2], 1, true), err)
    end)
  end
end)
