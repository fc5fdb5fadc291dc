-- Downloads into what is no file: devices and pipes.

local curl = require 'luvcurl'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local uv, nginx = helper.uv, servers.nginx
local MB = 2 ^ 20

local function runs(name, test)
  it(name, function() helper.run(function() test(folder.new()) end) end)
end

local function fifo(path)
  local status = os.execute(("mkfifo '%s'"):format(path))
  assert.is_true(status == 0 or status == true)
  return path
end

-- Reads a pipe to its end, after `ms`.
local function read_later(path, ms)
  local got = { size = 0 }
  local timer = uv.new_timer()
  timer:start(ms, 0, function()
    timer:close()
    local pipe = uv.new_pipe(false)
    assert(pipe:open(assert(uv.fs_open(path, uv.constants.O_RDONLY + uv.constants.O_NONBLOCK, 0))))
    pipe:read_start(function(_, bytes)
      if bytes then
        got.size = got.size + #bytes
      else
        got.over = true
        pipe:close()
      end
    end)
  end)
  return got
end

describe('a download', function()
  runs('into a device is written there, and leaves it', function()
    for _, resume in ipairs { true, false } do
      local res = assert(curl.download(nginx.url .. '/1m', '/dev/null', { resume = resume }))
      assert.same({ 200, MB, 0 }, { res.status, res.bytes, res.resumed })
      assert.equal('char', uv.fs_stat('/dev/null').type)
      assert.is_nil(uv.fs_stat('/dev/null.part'))
    end
  end)

  runs('into a pipe waits for its reader, and is as fast as that', function(dir)
    local path = fifo(dir:at('pipe'))
    local got = read_later(path, 100)
    local sum = io.popen(("sha256sum '%s/1m'"):format(nginx.root)):read('*a'):match('^%x+')
    local res = assert(curl.download(nginx.url .. '/1m', path, { sha256 = sum }))
    helper.wait_for(function() return got.over end)
    assert.same({ MB, MB, sum }, { res.bytes, got.size, res.sha256 })
    assert.same({ 'pipe' }, dir:names())
    assert.equal('fifo', uv.fs_stat(path).type)
  end)

  runs('into a pipe that nobody reads ends by its timeout', function(dir)
    local path = fifo(dir:at('pipe'))
    local _, err = curl.download(nginx.url .. '/1m', path, { timeout = 100 })
    assert.equal('WRITE_ERROR', err.name)
    assert.matches('ENXIO', err.message)
    -- one that is open, and full: both ends, so that it stays
    local fd = assert(uv.fs_open(path, uv.constants.O_RDWR, 0))
    _, err = curl.download(nginx.url .. '/1g', path, { timeout = 300 })
    assert.equal('OPERATION_TIMEDOUT', err.name)
    assert(uv.fs_close(fd))
  end)
end)
