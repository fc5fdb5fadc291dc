-- curl.download: what it leaves behind when it cannot go on.

local curl = require 'luvcurl'
local child = require 'spec.support.child'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local nginx = servers.nginx

-- What a refused download says of the answer's body.
local function words_of(answer)
  local server = fault.serve(fault.response(answer))
  local dir = folder.new()
  local res, err = curl.download(server.url, dir:at('x'))
  assert.is_nil(res)
  assert.equal('HTTP_RETURNED_ERROR', err.name)
  assert.same({}, dir:names())
  return err.response.body
end

describe('a refused download', function()
  it('has what the server says, where that is text, up to 64 KB', function()
    helper.run(function()
      local json = { 'Content-Type: application/json; charset=utf-8' }
      assert.equal('{"why":1}', words_of { status = 403, headers = json, body = '{"why":1}' })
      assert.equal('', words_of { status = 404, headers = json })
      assert.equal(65536, #words_of { status = 500, headers = { 'Content-Type: text/plain' },
        body = ('x'):rep(100000) })
      assert.is_nil(words_of { status = 500, headers = { 'Content-Type: image/png' }, body = 'x' })
      assert.is_nil(words_of { status = 500, body = 'x',
        headers = { 'Content-Type: text/plain', 'Content-Encoding: gzip' } })
    end)
  end)
end)

local function runs(name, test, ms)
  it(name, function() helper.run(function() test(folder.new()) end, ms) end)
end

local function assert_failed(dir, name, res, err, pattern)
  assert.is_nil(res)
  assert.equal(name, err.name)
  if pattern then
    assert.matches(pattern, err.message)
  end
  assert.same({}, dir:names())
end

describe('a download that fails leaves nothing', function()
  runs('when the transfer does', function(dir)
    local cut = fault.half(function(conn) conn:close() end)
    local res, err = curl.download(cut.url, dir:at('x'))
    assert_failed(dir, 'PARTIAL_FILE', res, err)
    assert.equal('body', err.phase)
    local reset = fault.half(function(conn) conn:reset() end)
    assert_failed(dir, 'RECV_ERROR', curl.download(reset.url, dir:at('x')))
    assert_failed(dir, 'COULDNT_CONNECT', curl.download((fault.refused()), dir:at('x')))
    assert_failed(dir, 'FILESIZE_EXCEEDED',
      curl.download(nginx.url .. '/1m', dir:at('x'), { max_body = 100000 }))
    local stalled = fault.stalling()
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
    res, err = curl.download(url, '/proc/luvcurl') -- no file can be made there, not even by root
    assert_failed(dir, 'WRITE_ERROR', res, err, 'ENOENT')
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
    if not process.shell(("mount -t tmpfs -o size=400k none '%s'"):format(dir.path)) then
      return limited(dir) -- not ours to mount: the limit is the same to the code that writes
    end
    helper.defer(function() process.shell(("umount -l '%s'"):format(dir.path)) end)
    local res, err = curl.download(nginx.url .. '/1m', dir:at('x'))
    assert_failed(dir, 'WRITE_ERROR', res, err, 'ENOSPC')
    assert.equal('body', err.phase)
    assert(curl.download(nginx.url .. '/16k', dir:at('x')))
  end, 20000)
end)
