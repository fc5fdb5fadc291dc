-- res:pipe(stream): a body into a luv stream, no faster than that takes it.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local uv = helper.uv
local nginx = servers.nginx

local function runs(name, test, ms)
  it(name, function() helper.run(test, ms) end)
end

-- Two ends of a connection: what is written into the first comes out of the second.
local function pair()
  local server, near, far = uv.new_pipe(false), uv.new_pipe(false), uv.new_pipe(false)
  local path = folder.new():at('socket')
  assert(server:bind(path))
  helper.await(function(done)
    local left = 2
    local function step(err)
      assert(not err, err)
      left = left - 1
      if left == 0 then
        done()
      end
    end
    assert(server:listen(1, function(err)
      server:accept(far)
      step(err)
    end))
    near:connect(path, step)
  end)
  server:close()
  for _, handle in ipairs { near, far } do
    helper.defer(function()
      if not handle:is_closing() then
        handle:close()
      end
    end)
  end
  return near, far
end

-- Collects what comes out of a stream.
local function collect(stream)
  local got = { size = 0 }
  stream:read_start(function(_, chunk)
    got[#got + 1] = chunk
    got.size = got.size + #(chunk or '')
    got.ended = got.ended or not chunk
  end)
  return got
end

describe('res:pipe', function()
  for _, name in ipairs { 'empty', '1b', '10m' } do
    runs('writes every byte of ' .. name, function()
      local near, far = pair()
      local got = collect(far)
      local res = assert(curl.stream(nginx.url .. '/' .. name))
      local bytes = assert(res:pipe(near))
      near:shutdown()
      helper.wait_for(function() return got.ended end)
      local file = assert(io.open(nginx.root .. '/' .. name, 'rb'))
      local expected = file:read('*a')
      file:close()
      assert.equal(#expected, bytes)
      assert.is_true(table.concat(got) == expected)
      assert.is_false(near:is_closing()) -- it is the caller's
    end)
  end

  runs('writes what is left after a read', function()
    local near, far = pair()
    local got = collect(far)
    local server = fault.serve(fault.response { body = 'head\nthe rest' })
    local res = assert(curl.stream(server.url))
    assert.equal('head\n', res:read(5))
    assert.equal(8, res:pipe(near))
    helper.wait_for(function() return got.size == 8 end)
    assert.equal('the rest', table.concat(got))
  end)

  runs('writes into tcp and into a file that is a pipe', function()
    local listener, accepted = uv.new_tcp(), uv.new_tcp()
    assert(listener:bind('127.0.0.1', 0))
    assert(listener:listen(1, function() listener:accept(accepted) end))
    local tcp = uv.new_tcp()
    helper.await(function(done)
      tcp:connect('127.0.0.1', listener:getsockname().port, done)
    end)
    helper.sleep(10)
    local got = collect(accepted)
    assert.equal(2 ^ 20, assert(curl.stream(nginx.url .. '/1m')):pipe(tcp))
    helper.wait_for(function() return got.size == 2 ^ 20 end)
    for _, handle in ipairs { listener, accepted, tcp } do
      handle:close()
    end
  end)

  runs('is as slow as the stream', function()
    local near, far = pair()
    local block = ('x'):rep(65536)
    local server = fault.serve(function(conn)
      conn:request()
      conn:send('HTTP/1.1 200 OK\r\nContent-Length: ' .. 512 * #block .. '\r\n\r\n')
      conn:flood(block, 512 * #block)
      conn:stall()
    end, { send_buffer = 65536 })
    local res = assert(curl.stream(server.url, { high_water = 262144 }))
    local bytes, problem
    local co = coroutine.create(function() bytes, problem = res:pipe(near) end)
    helper.resume(co)
    local before
    repeat -- until all stand still, as nobody reads
      before = server:sent()
      helper.sleep(200)
    until before > 0 and before == server:sent()
    assert.is_true(before < 256 * #block, before .. ' bytes sent that nobody reads')
    local got = collect(far)
    helper.wait_for(function() return bytes or problem end)
    assert.same({ 512 * #block }, { bytes, problem })
    helper.wait_for(function() return got.size == bytes end)
  end)

  runs('ends the transfer when the stream does', function()
    local near, far = pair()
    local server = fault.serve(function(conn)
      conn:request()
      conn:send('HTTP/1.1 200 OK\r\n\r\n')
      conn:flood(('x'):rep(65536))
    end)
    local res = assert(curl.stream(server.url))
    far:close()
    local bytes, err = res:pipe(near)
    assert.is_nil(bytes)
    assert.matches('^E%u+', tostring(err))
    helper.wait_for(function() return res.transfer:state() == 'done' end)
    helper.wait_for(function() return next(server.open) == nil end)
  end)

  runs('tells a stream that is closed already', function()
    local near = pair()
    near:close()
    helper.sleep(10)
    local res = assert(curl.stream(nginx.url .. '/10m'))
    local bytes, err = res:pipe(near)
    assert.is_nil(bytes)
    assert.matches('^E%u+', tostring(err))
    helper.wait_for(function() return res.transfer:state() == 'done' end)
  end)

  runs('tells when the transfer fails', function()
    local near, far = pair()
    local got = collect(far)
    local server = fault.serve(function(conn)
      conn:request()
      conn:send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
      conn:sleep(50)
    end)
    local bytes, err = assert(curl.stream(server.url)):pipe(near)
    assert.is_nil(bytes)
    assert.equal('PARTIAL_FILE', err.name)
    helper.wait_for(function() return got.size == 4 end)
  end)

  it('waits in the main chunk', function()
    local near, far
    helper.run(function() near, far = pair() end)
    local got = collect(far)
    assert.equal(2 ^ 20, assert(curl.stream(nginx.url .. '/1m')):pipe(near))
    helper.wait_for(function() return got.size == 2 ^ 20 end)
  end)
end)
