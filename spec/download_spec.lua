-- curl.download: what it writes, and what it leaves behind when it cannot.

local curl = require 'luvcurl'
local child = require 'spec.support.child'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local uv = helper.uv
local nginx = servers.nginx

local function runs(name, test, ms)
  it(name, function() helper.run(function() test(folder.new()) end, ms) end)
end

local function served(name)
  local file = assert(io.open(nginx.root .. '/' .. name, 'rb'))
  local bytes = file:read('*a')
  file:close()
  return bytes
end

local function shell(command)
  local status = os.execute(command .. ' 2>/dev/null')
  return status == true or status == 0
end

-- A server that sends half of a body of 2000 bytes and then does `rest(conn)`.
local function half(rest)
  return fault.serve(function(conn)
    conn:request()
    conn:send('HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n' .. ('a'):rep(1000))
    rest(conn)
  end)
end

local function assert_failed(dir, name, res, err, pattern)
  assert.is_nil(res)
  assert.equal(name, err.name)
  if pattern then
    assert.matches(pattern, err.message)
  end
  assert.same({}, dir:names())
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
    local server = half(function(conn)
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
    assert_failed(folder.new(), 'WRITE_ERROR', curl.download(nginx.url .. '/1k',
      dir:at(name .. 'n')))
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

describe('a download that fails leaves nothing', function()
  runs('when the transfer does', function(dir)
    local cut = half(function(conn) conn:close() end)
    local res, err = curl.download(cut.url, dir:at('x'))
    assert_failed(dir, 'PARTIAL_FILE', res, err)
    assert.equal('body', err.phase)
    local reset = half(function(conn) conn:reset() end)
    assert_failed(dir, 'RECV_ERROR', curl.download(reset.url, dir:at('x')))
    assert_failed(dir, 'COULDNT_CONNECT', curl.download((fault.refused()), dir:at('x')))
    assert_failed(dir, 'FILESIZE_EXCEEDED',
      curl.download(nginx.url .. '/1m', dir:at('x'), { max_body = 100000 }))
    local stalled = half(function(conn) conn:stall() end)
    assert_failed(dir, 'OPERATION_TIMEDOUT',
      curl.download(stalled.url, dir:at('x'), { timeout = 200 }))
  end)

  runs('when a hook does', function(dir)
    local function hook() error('no more') end
    for _, name in ipairs { 'on_response', 'on_progress' } do
      local res, err = curl.download(nginx.url .. '/1m', dir:at('x'), { [name] = hook })
      assert_failed(dir, 'ABORTED_BY_CALLBACK', res, err, 'no more')
    end
  end)

  runs('when the place cannot be written', function(dir)
    local url = nginx.url .. '/1k'
    assert_failed(dir, 'WRITE_ERROR', curl.download(url, dir:at('none/x')))
    local res, err = curl.download(url, dir:at('none/x'))
    assert_failed(dir, 'WRITE_ERROR', res, err, '^cannot write .*/none/x: ENOENT')
    assert.same({ 23, 'queue', url }, { err.code, err.phase, err.url })
    res, err = curl.download(url, dir.path)
    assert_failed(dir, 'WRITE_ERROR', res, err, 'EISDIR')
    res, err = curl.download(url, '/sys/luvcurl') -- no file can be made there, not even by root
    assert_failed(dir, 'WRITE_ERROR', res, err, 'EACCES')
    res, err = curl.download(url, '/dev/null')
    assert_failed(dir, 'WRITE_ERROR', res, err, 'no regular file')
    assert.equal('char', uv.fs_stat('/dev/null').type)
    for _, resume in ipairs { true, false } do
      res, err = curl.download(url, dir:at('none/x'), { resume = resume })
      assert_failed(dir, 'WRITE_ERROR', res, err)
    end
  end)

  runs('when it is not what was expected', function(dir)
    local zeros = '5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef'
    local res, err = curl.download(nginx.url .. '/1k', dir:at('x'), { sha256 = zeros })
    assert_failed(dir, 'CHECKSUM_MISMATCH', res, err, zeros)
    local server = fault.serve(fault.response { body = ('\0'):rep(1024) })
    res = assert(curl.download(server.url, dir:at('x'), { sha256 = zeros:upper() }))
    assert.equal(zeros, res.sha256)
    assert.same({ 'x' }, dir:names())
  end)

  runs('when it is cancelled, at any moment', function(dir)
    local expect = function() return helper.expect(1, function(err, res)
      assert_failed(dir, 'ABORTED_BY_CALLBACK', res, err)
    end) end
    assert.is_true(curl.download(nginx.url .. '/1k', dir:at('a'), expect()):cancel())
    helper.sleep(50)
    for _, ms in ipairs { 1, 5, 60 } do
      local d = curl.download(nginx.url .. '/slow', dir:at('b'), { resume = false }, expect())
      helper.sleep(ms)
      assert.is_true(d:cancel())
      assert.is_false(d:cancel())
      helper.wait_for(function() return d:state() == 'done' end)
    end
    local d
    d = curl.download(nginx.url .. '/1m', dir:at('c'), {
      on_progress = function() d:cancel() end,
    }, expect())
    helper.wait_for(function() return d:state() == 'done' end)
    local session = curl.session {}
    d = session:download(nginx.url .. '/slow', dir:at('d'), expect())
    helper.sleep(50)
    session:close()
    helper.wait_for(function() return d:state() == 'done' end)
  end)

  -- Above this size writes of the child fail, as they do where there is a quota.
  local LIMITED = [[
    local uv = package.loaded.uv or (vim and vim.loop) or require 'luv'
    local curl = require 'luvcurl'
    local signal = uv.new_signal()
    signal:start('sigxfsz', function() end)
    signal:unref()
    assert(os.execute(('prlimit --fsize=300000 --pid %d'):format(uv.os_getpid())))
    curl.download(arg[1], arg[2], function(err)
      io.stdout:write(tostring(err))
      signal:close()
      if vim then vim.schedule(function() vim.cmd('qa!') end) end
    end)
    if vim then vim.wait(10000, function() return false end) else uv.run() end
  ]]

  local function limited(dir)
    local result = child.run(LIMITED, { args = { nginx.url .. '/1m', dir:at('x') } })
    assert.matches('WRITE_ERROR: cannot write .*/x: EFBIG', result.out .. result.err)
    assert.same({}, dir:names())
  end

  runs('when the file may not grow', limited, 20000)

  runs('when the disk is full', function(dir)
    if not shell(("mount -t tmpfs -o size=400k none '%s'"):format(dir.path)) then
      return limited(dir) -- not ours to mount: the limit is the same to the code that writes
    end
    helper.defer(function() shell(("umount -l '%s'"):format(dir.path)) end)
    local res, err = curl.download(nginx.url .. '/1m', dir:at('x'))
    assert_failed(dir, 'WRITE_ERROR', res, err, 'ENOSPC')
    assert.equal('body', err.phase)
    assert(curl.download(nginx.url .. '/16k', dir:at('x')))
  end, 20000)
end)

describe('a download under way', function()
  runs('pauses and goes on', function(dir)
    local server = half(function(conn)
      helper.sleep(50)
      conn:send(('b'):rep(1000))
      conn:stall()
    end)
    local done = false
    local d = curl.download(server.url, dir:at('x'), helper.expect(1, function(err)
      assert.is_nil(err)
      done = true
    end))
    d:pause()
    assert.equal('paused', d:state())
    helper.sleep(250)
    assert.is_false(done)
    d:resume()
    helper.wait_for(function() return done end)
    assert.equal(2000, #dir:read('x'))
    assert.equal(200, d:info('response_code'))
    assert.equal(server.url .. '/', d:url())
  end)

  runs('tells its progress, up to the last byte', function(dir)
    local seen = {}
    local d
    d = curl.download(nginx.url .. '/1m?rate=600k', dir:at('x'), { on_progress = function(p)
      seen[#seen + 1] = p
      assert.equal(d, p.transfer)
    end }, helper.expect(1))
    helper.wait_for(function() return d:state() == 'done' end)
    local last = seen[#seen]
    assert.is_true(#seen >= 2 and #seen < 20, #seen .. ' calls')
    assert.same({ 2 ^ 20, 2 ^ 20, true }, { last.down, last.down_total, last.complete })
    assert.is_nil(seen[1].complete)
  end)

  -- Threads of the pool wait in open() until somebody opens the other end of the pipe.
  runs('waits for a slow disk without holding the loop or the bytes', function(dir)
    local fifo = dir:at('fifo')
    assert.is_true(shell(("mkfifo '%s'"):format(fifo)))
    local block, opened = ('x'):rep(65536), 0
    local server = fault.serve(function(conn)
      conn:request()
      conn:send('HTTP/1.1 200 OK\r\nContent-Length: ' .. 256 * #block .. '\r\n\r\n')
      -- the file is open: now the disk gets stuck
      for _ = 1, tonumber(os.getenv('UV_THREADPOOL_SIZE') or 4) do
        uv.fs_open(fifo, 'r', 0, function(_, fd)
          opened = opened + 1
          uv.fs_close(fd)
        end)
      end
      conn:flood(block, 256 * #block)
      conn:stall()
    end, { send_buffer = 65536 })
    local ticks, worst, last = 0, 0, uv.hrtime()
    local timer = uv.new_timer()
    helper.defer(function() timer:close() end)
    timer:start(1, 1, function()
      ticks, worst, last = ticks + 1, math.max(worst, uv.hrtime() - last), uv.hrtime()
    end)
    local done = false
    local opts = { high_water = 262144 }
    curl.download(server.url, dir:at('x'), opts, helper.expect(1, function(err, res)
      assert.is_nil(err)
      assert.equal(256 * #block, res.bytes)
      done = true
    end))
    helper.sleep(400)
    local sent = server:sent()
    assert.is_true(sent < 128 * #block, sent .. ' bytes sent while nothing could be written')
    assert.is_false(done)
    assert.is_true(ticks > 100, ticks .. ' ticks')
    local writer = assert(uv.fs_open(fifo, 'r+', 0)) -- lets the threads go
    helper.wait_for(function() return done end)
    uv.fs_close(writer)
    assert.equal(256 * #block, uv.fs_stat(dir:at('x')).size)
    assert.is_true(worst < 200e6, ('the loop was held for %.0f ms'):format(worst / 1e6))
  end)

  runs('may be one of many', function(dir)
    local left = 50
    for i = 1, left do
      curl.download(nginx.url .. '/1m', dir:at('x' .. i), helper.expect(1, function(err)
        assert.is_nil(err)
        left = left - 1
      end))
    end
    helper.wait_for(function() return left == 0 end)
    local expected = served('1m')
    for i = 1, 50 do
      assert.is_true(dir:read('x' .. i) == expected)
    end
    assert.equal(50, #dir:names())
  end, 30000)
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
