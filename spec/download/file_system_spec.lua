-- Files on a file system that is slow or gone: strace holds back the system calls that touch
-- them, or has them fail.

local child = require 'spec.support.child'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local nginx = servers.nginx
local strace = process.find('strace', 'strace')

-- Milliseconds that every call waits, and how late the loop may be meanwhile.
local SLOW, LATE = 400, 250

-- What a script does before and after its `work(curl, ms)`: tells how late the loop was at worst,
-- how long the work took, and what that gave.
local SCRIPT = [[
  local url, path = arg[1], arg[2]
  local curl = require 'luvcurl'
  local uv = vim and vim.loop or require 'luv'
  local function work() %s end
  local latest, previous = 0, uv.hrtime()
  local timer = uv.new_timer()
  timer:start(1, 1, function()
    local now = uv.hrtime()
    latest = math.max(latest, (now - previous) / 1e6)
    previous = now
  end)
  local began = uv.hrtime()
  local res, err = work()
  timer:close()
  io.stdout:write(('%%.0f %%.0f %%s %%s %%s'):format(latest, (uv.hrtime() - began) / 1e6,
    res and res.status or 0, err and err.name or '-', err and err.phase or '-'), '\n')
  io.stdout:write(err and err.message or '', '\n')
  os.exit(0)
]]

-- Runs `work` while the calls `names` on `paths` are tampered with.
---@return table got { late, ms, status, name, phase, message }
local function run(work, paths, names, how, args)
  local wrap = { strace, '-f', '-qq', '-o', '/dev/null', '-e', 'trace=' .. names,
    '-e', ('inject=%s:%s'):format(names, how) }
  for _, path in ipairs(paths) do
    wrap[#wrap + 1] = '-P'
    wrap[#wrap + 1] = path
  end
  local result = child.run(SCRIPT:format(work), { args = args, wrap = wrap,
    env = { ASAN_OPTIONS = 'detect_leaks=0' } }) -- which cannot be looked for under a tracer
  local late, ms, status, name, phase, message =
    result.out:match('(%d+) (%d+) (%d+) (%S+) (%S+)\n(.*)')
  assert(late, result.out .. result.err)
  return { late = tonumber(late), ms = tonumber(ms), status = tonumber(status), name = name,
    phase = phase, message = message:gsub('\n$', '') }
end

local READING = 'statx,openat,pread64'
local WRITING = 'openat,pwrite64,fsync,fdatasync,rename,ftruncate'
local slowly = ('delay_enter=%d'):format(SLOW * 1000)

-- Their limits are times.
local function runs(name, test)
  it(name, helper.timed(function()
    helper.run(function() test(folder.new()) end, child.DEADLINE)
  end))
end

local function assert_slow_but_free(got, calls)
  assert.equal('-', got.name, got.message)
  assert.is_true(got.ms >= calls * SLOW, got.ms .. ' ms: nothing was held back')
  assert.is_true(got.late < LATE, ('the loop was held for %d ms'):format(got.late))
end

describe('a slow file system holds nobody but the transfer', function()
  local bytes = process.read_file(nginx.root .. '/1k')

  runs('when a file is sent', function(dir)
    local path = dir:write('body', bytes)
    local got = run('return curl.put(url, { body = { file = path } })', { path }, READING, slowly,
      { nginx.url .. '/dav/slow', path })
    assert_slow_but_free(got, 3)
    assert.equal(201, got.status)
    assert.is_true(process.read_file(nginx.dav_dir .. '/slow') == bytes)
    assert(helper.uv.fs_unlink(nginx.dav_dir .. '/slow'))
  end)

  runs('when a form has a file', function(dir)
    local path = dir:write('part', bytes)
    local got = run('return curl.post(url, { multipart = { f = { file = path } } })', { path },
      READING, slowly, { servers.httpbin.url .. '/post', path })
    assert_slow_but_free(got, 3)
    assert.equal(200, got.status)
  end)

  runs('when a file is written', function(dir)
    local path = dir:at('x')
    local got = run('return curl.download(url, path, { resume = true })',
      { path .. '.part', path }, WRITING, slowly, { nginx.url .. '/1k', path })
    assert_slow_but_free(got, 4)
    assert.is_true(dir:read('x') == bytes)
    assert.same({ 'x' }, dir:names())
  end)
end)

describe('a file system that is gone', function()
  runs('is ended by the timeout while it does not answer', function(dir)
    local path = dir:write('body', 'x')
    local got = run('return curl.put(url, { body = { file = path }, timeout = 100 })', { path },
      'statx', 'delay_enter=1000000', { nginx.url .. '/dav/never', path })
    assert.same({ 'OPERATION_TIMEDOUT', 'queue' }, { got.name, got.phase })
    assert.is_true(got.ms >= 100 and got.ms < 900, got.ms .. ' ms')
    got = run('return curl.put(url, { body = { file = path }, timeout = 100 })', { path },
      'pread64', 'delay_enter=1000000', { nginx.url .. '/dav/never', path })
    assert.same({ 'OPERATION_TIMEDOUT', 'send' }, { got.name, got.phase })
    assert.is_true(got.ms >= 100 and got.ms < 900, got.ms .. ' ms')
  end)

  runs('fails what reads from it', function(dir)
    local path = dir:write('body', 'x')
    for calls, name in pairs { statx = 'FILE_COULDNT_READ_FILE', openat = 'FILE_COULDNT_READ_FILE',
      pread64 = 'READ_ERROR' } do
      local got = run('return curl.put(url, { body = { file = path } })', { path }, calls,
        'error=EIO', { nginx.url .. '/dav/gone', path })
      assert.equal(name, got.name)
      assert.matches(('the body file %s: EIO: i/o error'):format(path), got.message, 1, true)
    end
  end)

  runs('fails what writes to it', function(dir)
    for _, calls in ipairs { 'pwrite64', 'fsync', 'rename' } do
      local path = dir:at(calls)
      local got = run('return curl.download(url, path, { resume = true })',
        { path .. '.part', path }, calls, 'error=EIO', { nginx.url .. '/1k', path })
      assert.equal('WRITE_ERROR', got.name)
      assert.matches('cannot write .*: EIO: i/o error', got.message)
    end
  end)
end)
