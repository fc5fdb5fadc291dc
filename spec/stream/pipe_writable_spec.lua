-- res:pipe(stream) into what luvit's programs have: streams that say false when they have enough
-- and emit 'drain', descriptors; and what a stream's error and end do.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'
local streams = require 'spec.support.luvit_streams'

local uv = helper.uv
local nginx = servers.nginx

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

-- A stream that takes its time, and what it got.
local function slow()
  local got = {}
  return streams.writable(function(bytes, done)
    got[#got + 1] = bytes
    streams.soon(done)
  end), got
end

local function is_over(res)
  helper.wait_for(function() return res.transfer:state() == 'done' end)
end

describe('res:pipe into a stream of luvit\'s kind', function()
  runs('writes to the end, no faster than it takes', function()
    local to, got = slow()
    local res = assert(curl.stream(nginx.url .. '/10m', { high_water = 65536 }))
    assert.equal(10 * 2 ^ 20, assert(res:pipe(to)))
    helper.wait_for(function() return to.length == 0 end)
    assert.is_true(table.concat(got) == process.read_file(nginx.root .. '/10m'))
    assert.is_true(to.most <= 2 ^ 20, to.most .. ' bytes waited in it')
    assert.equal(0, to:listeners())
    assert.is_nil(to.destroyed) -- it is the caller's
  end)

  it('writes to the end in the main chunk', function()
    local to = slow()
    assert.equal(2 ^ 20, assert(curl.stream(nginx.url .. '/1m')):pipe(to))
    helper.wait_for(function() return to.length == 0 end)
  end)

  runs('ends with its error, and ends the transfer', function()
    local to = streams.writable(function(_, done)
      streams.soon(function() done('ENOSPC: no space left on device') end)
    end)
    local res = assert(curl.stream(nginx.url .. '/10m'))
    assert.same({ nil, 'ENOSPC: no space left on device' }, { res:pipe(to) })
    is_over(res)
    assert.equal(0, to:listeners())
  end)

  runs('ends when it is closed while it is full', function()
    local to = streams.writable(function() end)
    local res = assert(curl.stream(nginx.url .. '/10m'))
    local timer = uv.new_timer()
    timer:start(50, 0, function()
      timer:close()
      to:destroy()
    end)
    assert.same({ nil, 'the stream was closed' }, { res:pipe(to) })
    is_over(res)
  end)

  runs('ends when it is closed while the server has nothing to say', function()
    local to = slow()
    local server = fault.stalling()
    local res = assert(curl.stream(server.url))
    local timer = uv.new_timer()
    timer:start(50, 0, function()
      timer:close()
      to:destroy()
    end)
    assert.same({ nil, 'the stream was closed' }, { res:pipe(to) })
    is_over(res)
    helper.wait_for(function() return next(server.open) == nil end)
    assert.equal(0, to:listeners())
  end)

  runs('tells of one that was closed before', function()
    for _, field in ipairs { 'itself', 'socket' } do
      local to = slow()
      if field == 'socket' then
        to.socket = { destroyed = true }
      else
        to:destroy()
        helper.sleep(10)
      end
      local res = assert(curl.stream(nginx.url .. '/10m'))
      assert.same({ nil, 'the stream was closed' }, { res:pipe(to) })
      is_over(res)
    end
  end)

  runs('tells when the transfer fails', function()
    local to, got = slow()
    local server = fault.half(function(conn) conn:sleep(20) end)
    local bytes, err = assert(curl.stream(server.url)):pipe(to)
    assert.is_nil(bytes)
    assert.equal('PARTIAL_FILE', err.name)
    helper.wait_for(function() return to.length == 0 end)
    assert.equal(1000, #table.concat(got))
    assert.equal(0, to:listeners())
  end)
end)

describe('res:pipe into a descriptor', function()
  runs('writes to the end', function()
    local path = folder.new():at('file')
    local fd = assert(uv.fs_open(path, 'w', 384))
    assert.equal(10 * 2 ^ 20, assert(curl.stream(nginx.url .. '/10m')):pipe(fd))
    uv.fs_close(fd)
    assert.is_true(process.read_file(path) == process.read_file(nginx.root .. '/10m'))
  end)

  runs('tells why it cannot', function()
    local fd = assert(uv.fs_open('/dev/full', 'w', 384))
    local res = assert(curl.stream(nginx.url .. '/10m'))
    local bytes, err = res:pipe(fd)
    uv.fs_close(fd)
    assert.is_nil(bytes)
    assert.matches('^ENOSPC', err)
    is_over(res)
  end)
end)

describe('res:pipe into anything else', function()
  runs('raises at the call', function()
    local res = assert(curl.stream(nginx.url .. '/1b'))
    local file = io.tmpfile()
    local wrong = { ['a file of io.open'] = file, table = {}, string = 'path', boolean = false }
    for what, to in pairs(wrong) do
      local ok, message = pcall(res.pipe, res, to)
      assert.is_false(ok)
      assert.matches('response:pipe: expected a stream of luv or luvit', message)
      assert.matches('got ' .. what, message)
    end
    file:close()
    assert.equal(1, #res:read())
  end)
end)
