-- curl.download under way: pauses, progress, slow disks, many at once.

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

-- A test whose limits are times.
local function timed(name, test)
  it(name, helper.timed(function() helper.run(function() test(folder.new()) end) end))
end

local function served(name)
  return process.read_file(nginx.root .. '/' .. name)
end

describe('a download under way', function()
  runs('pauses and goes on', function(dir)
    local server = fault.half(function(conn)
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
    local began = uv.hrtime()
    d = curl.download(nginx.url .. '/1m?rate=600k', dir:at('x'), { on_progress = function(p)
      seen[#seen + 1] = p
      assert.equal(d, p.transfer)
    end }, helper.expect(1))
    helper.wait_for(function() return d:state() == 'done' end)
    local last = seen[#seen]
    local seconds = (uv.hrtime() - began) / 1e9
    assert.is_true(#seen >= 2 and #seen <= seconds * 10 + 2, #seen .. ' calls')
    assert.same({ 2 ^ 20, 2 ^ 20, true }, { last.down, last.down_total, last.complete })
    assert.is_nil(seen[1].complete)
  end)

  -- Threads of the pool wait in open() until somebody opens the other end of the pipe.
  timed('waits for a slow disk without holding the loop or the bytes', function(dir)
    local fifo = dir:at('fifo')
    assert.is_true(process.shell(("mkfifo '%s'"):format(fifo)))
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
