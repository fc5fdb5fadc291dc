-- Streams in callback form, and Transfer:pause, resume and cancel in every callback of this and of
-- other transfers. (Cancelling at other moments has cancel_spec.lua.)

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local uv = helper.uv
local nginx = servers.nginx

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

local function after(ms, fn)
  local timer = uv.new_timer()
  uv.update_time()
  timer:start(ms, 0, function()
    timer:close()
    fn()
  end)
end

local function bytes_of(name)
  return process.read_file(nginx.root .. '/' .. name)
end

describe('curl.stream with a callback', function()
  runs('calls it when the headers are in', function()
    local co
    local t = curl.stream(nginx.url .. '/1m', helper.expect(1, function(err, res)
      assert.is_nil(err)
      assert.same({ 200, '1048576' }, { res.status, res.headers['content-length'] })
      co = coroutine.create(function()
        local body = res:text()
        assert.is_true(body == bytes_of '1m')
      end)
      helper.resume(co)
    end))
    assert.equal('queued', t:state())
    helper.wait_for(function() return co and coroutine.status(co) == 'dead' end)
    assert.equal('done', t:state())
  end)

  runs('calls it with the error when there are none', function()
    curl.stream((fault.refused()), helper.expect(1, function(err, res)
      assert.is_nil(res)
      assert.equal('COULDNT_CONNECT', err.name)
    end))
  end)

  runs('reads in callback form by on_response and on_data', function()
    local order, chunks = {}, {}
    curl.get(nginx.url .. '/1m', {
      on_response = function(res)
        assert.same({ 200, nil }, { res.status, res.body })
        order[#order + 1] = 'response'
      end,
      on_data = function(chunk, res)
        assert.equal(200, res.status)
        order[2] = 'data'
        chunks[#chunks + 1] = chunk
      end,
    }, helper.expect(1, function(err, res)
      assert.is_nil(err)
      assert.is_nil(res.body)
      order[#order + 1] = 'done'
      assert.same({ 'response', 'data', 'done' }, order)
      assert.is_true(table.concat(chunks) == bytes_of '1m')
    end))
  end)
end)

-- A megabyte in 25 pieces over some 200 ms, so that there is progress to tell.
local SIZE = 25 * 40000
local function steady()
  return fault.serve(function(conn)
    conn:request()
    conn:send('HTTP/1.1 200 OK\r\nContent-Length: ' .. SIZE .. '\r\n\r\n')
    conn:dribble(('x'):rep(SIZE), 40000, 8)
  end).url
end

-- Every callback of a transfer, as a request that has it call `fn(transfer)` once.
local CALLBACKS = {
  on_response = function(fn)
    return { on_response = function(res) fn(res.transfer) end }
  end,
  on_data = function(fn)
    local called
    return { on_data = function(_, res)
      if not called then
        called = true
        fn(res.transfer)
      end
    end }
  end,
  on_progress = function(fn)
    local called
    return { on_progress = function(progress)
      if not called then
        called = true
        fn(progress.transfer)
      end
    end }
  end,
}

for name, request_with in pairs(CALLBACKS) do
  describe(name, function()
    runs('may pause its transfer: no more callbacks until it is resumed', function()
      local paused, calls = nil, 0
      local request = request_with(function(t)
        assert.equal('running', t:state())
        t:pause()
        t:pause()
        assert.equal('paused', t:state())
        paused = t
      end)
      local size, on_data = 0, request.on_data
      request.on_data = function(chunk, res)
        size, calls = size + #chunk, calls + 1
        if on_data then
          on_data(chunk, res)
        end
      end
      local finished = false
      curl.get(steady(), request, helper.expect(1, function(err)
        assert.is_nil(err)
        finished = true
      end))
      helper.wait_for(function() return paused end)
      local before = calls
      helper.sleep(80)
      assert.same({ before, false, 'paused' }, { calls, finished, paused:state() })
      paused:resume()
      paused:resume()
      assert.equal('running', paused:state())
      helper.wait_for(function() return finished end)
      assert.equal(SIZE, size)
      assert.equal('done', paused:state())
      paused:resume() -- of no consequence any more
      paused:pause()
      assert.equal('done', paused:state())
    end)

    runs('may pause and resume at once', function()
      local request = request_with(function(t)
        t:pause()
        t:resume()
        t:pause()
        t:resume()
      end)
      local on_data, size = request.on_data, 0
      request.on_data = function(chunk, res)
        size = size + #chunk
        if on_data then
          on_data(chunk, res)
        end
      end
      local res = assert(curl.get(steady(), request))
      assert.same({ 200, SIZE }, { res.status, size })
    end)

    runs('may cancel its transfer, paused or not', function()
      for _, first in ipairs { 'running', 'paused' } do
        local request = request_with(function(t)
          if first == 'paused' then
            t:pause()
          end
          assert.is_true(t:cancel())
          assert.equal('done', t:state())
        end)
        local res, err = curl.get(steady(), request)
        assert.is_nil(res)
        assert.equal('ABORTED_BY_CALLBACK', err.name)
      end
    end)

    runs('may pause, resume and cancel other transfers', function()
      local slow = { url = steady() }
      local held = curl.get(slow, helper.expect(1, function(err, res)
        assert.is_nil(err)
        assert.equal(SIZE, #res.body)
      end))
      local doomed = curl.get(slow, helper.expect(1, function(err)
        assert.equal('ABORTED_BY_CALLBACK', err.name)
      end))
      local freed = curl.get(slow, helper.expect(1, function(err, res)
        assert.is_nil(err)
        assert.equal(SIZE, #res.body)
      end))
      freed:pause()
      assert(curl.get(steady(), request_with(function()
        held:pause()
        freed:resume()
        assert.is_true(doomed:cancel())
        assert.same({ 'paused', 'done', 'running' },
          { held:state(), doomed:state(), freed:state() })
      end)))
      helper.wait_for(function() return freed:state() == 'done' end)
      assert.equal('paused', held:state())
      held:resume()
    end)
  end)
end

describe('pause', function()
  runs('before the start holds the response back', function()
    local server = fault.serve(fault.response { body = 'x' })
    local finished = false
    local t = curl.get(server.url, helper.expect(1, function(err, res)
      assert.is_nil(err)
      assert.equal('x', res.body)
      finished = true
    end))
    t:pause()
    assert.equal('paused', t:state())
    helper.sleep(60)
    assert.is_false(finished)
    t:resume()
  end)

  runs('holds what has come already, to the end, until it is resumed', function()
    local sizes, t = {}, nil
    t = curl.get(nginx.url .. '/1m', { high_water = 2 ^ 21, on_data = function(chunk)
      sizes[#sizes + 1] = #chunk
      t:pause()
    end }, helper.expect(1, function(err) assert.is_nil(err) end))
    local seen = 0
    while t:state() ~= 'done' do
      helper.wait_for(function() return #sizes > seen or t:state() == 'done' end)
      helper.sleep(10)
      assert.is_true(#sizes <= seen + 1)
      seen = #sizes
      t:resume()
    end
    local sum = 0
    for _, size in ipairs(sizes) do
      sum = sum + size
    end
    assert.equal(2 ^ 20, sum)
    assert.is_true(#sizes > 4)
  end)

  runs('holds an upload', function()
    local server = fault.serve(function(conn)
      local request = conn:request()
      conn:send(fault.response { body = tostring(#request.body) })
    end)
    local calls, t = 0, nil
    t = curl.put(server.url, { body = function()
      calls = calls + 1
      if calls == 3 then
        t:pause()
      end
      return calls <= 6 and ('x'):rep(200000) or nil
    end }, helper.expect(1, function(err, res)
      assert.is_nil(err)
      assert.equal('1200000', res.body)
    end))
    helper.wait_for(function() return calls == 3 end)
    helper.sleep(80)
    assert.same({ 3, 'paused' }, { calls, t:state() })
    t:resume()
  end)

  runs('in the final callback is of no consequence', function()
    local t
    t = curl.get(nginx.url .. '/small', helper.expect(1, function(err)
      assert.is_nil(err)
      t:pause()
      t:resume()
      assert.is_false(t:cancel())
      assert.equal('done', t:state())
    end))
  end)

  runs('does not keep a timeout from ending it', function()
    local t = curl.get(nginx.url .. '/10m?rate=1000k', { timeout = 150 },
      helper.expect(1, function(err) assert.equal('OPERATION_TIMEDOUT', err.name) end))
    after(30, function() t:pause() end)
  end)

  runs('of a stream that somebody reads makes the reader wait', function()
    local res = assert(curl.stream(nginx.url .. '/1m'))
    assert.is_string(res:read(1000))
    res.transfer:pause()
    after(80, function() res.transfer:resume() end)
    assert.equal(1048576 - 1000, #res:text())
  end)
end)
