-- Transfer:cancel at every moment, and from inside every kind of callback, of the same transfer and
-- of another: the final callback comes exactly once, with ABORTED_BY_CALLBACK.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local uv = helper.uv

local HALF = fault.response { body = 'half', headers = { 'Content-Length: 8' } }

local function half()
  return fault.serve(function(conn)
    conn:request()
    conn:send(HALF)
    conn:stall()
  end).url .. '/'
end

-- A final callback that must come once, with the error of a cancelled transfer.
local function cancelled(phase)
  return helper.expect(1, function(err, res)
    assert.is_nil(res)
    assert.same({ 'ABORTED_BY_CALLBACK', 42, 'the transfer was cancelled' },
      { err.name, err.code, err.message })
    if phase then
      assert.equal(phase, err.phase)
    end
  end)
end

-- Adds a transfer, lets it run until `when` it is cancelled, and checks what cancel says.
local function cancel_after(ms, request, phase)
  helper.run(function()
    local t = curl.request(request, cancelled(phase))
    helper.sleep(ms)
    assert.equal('running', t:state())
    assert.is_true(t:cancel())
    assert.is_false(t:cancel())
  end)
end

describe('cancel', function()
  it('before the start, in the same turn', function()
    local server = fault.silent()
    local inside = true
    local t = curl.get(server.url, helper.expect(1, function(err)
      assert.is_false(inside, 'the callback came inside cancel')
      assert.same({ 'ABORTED_BY_CALLBACK', 'queue', server.url .. '/' },
        { err.name, err.phase, err.url })
    end))
    assert.equal('queued', t:state())
    assert.is_true(t:cancel())
    assert.equal('done', t:state())
    assert.is_false(t:cancel())
    inside = false
    helper.defer(function() assert.equal(0, server.connections) end)
  end)

  it('while it waits in the queue', function()
    local m = curl.Multi:new { max_concurrent = 1 }
    local server = fault.silent()
    local first = m:add(server.url, cancelled('wait'))
    local second = m:add(server.url, cancelled('queue'))
    helper.run(function()
      helper.sleep(30)
      assert.equal('queued', second:state())
      assert.is_true(second:cancel())
      helper.sleep(30)
      assert.equal(1, m:count())
      assert.is_true(first:cancel())
      helper.sleep(10)
      assert.equal(0, m:count())
      assert.equal(1, server.connections)
    end)
  end)

  it('while it waits for the response', function()
    cancel_after(40, { url = fault.silent().url }, 'wait')
  end)

  it('during the TLS handshake', function()
    cancel_after(40, { url = (fault.silent().url:gsub('^http', 'https')) }, 'tls')
  end)

  it('during the body', function()
    cancel_after(40, { url = half() }, 'body')
  end)

  it('during the upload', function()
    local server = fault.serve(function(conn) conn:hang() end)
    local body = ('x'):rep(32 * 1024 * 1024)
    cancel_after(40, { url = server.url, body = body, expect = false }, 'send')
  end)

  it('while it is paused', function()
    helper.run(function()
      local t = curl.get(half(), { on_data = function() end }, cancelled('body'))
      helper.sleep(40)
      t:pause()
      helper.sleep(10)
      assert.equal('paused', t:state())
      assert.is_true(t:cancel())
    end)
  end)

  it('after the end says false and does nothing', function()
    helper.run(function()
      local t
      helper.await(function(done)
        t = curl.get(servers.nginx.url .. '/small', helper.expect(1, function(err, res)
          assert.is_nil(err)
          assert.equal('hello world\n', res.body)
          done()
        end))
      end)
      assert.equal('done', t:state())
      assert.is_false(t:cancel())
    end)
  end)

  it('closes the connection at once', function()
    local gone
    local server = fault.serve(function(conn)
      conn:request()
      gone = conn:stall()
    end)
    helper.run(function()
      local t = curl.get(server.url, cancelled('wait'))
      helper.sleep(40)
      assert.is_nil(gone)
      t:cancel()
      helper.sleep(40)
      assert.equal('EOF', gone)
    end)
  end)

  it('of one leaves the others alone', function()
    local list = {}
    for i = 1, 20 do
      local doomed = i % 2 == 0
      list[i] = curl.get(doomed and half() or servers.nginx.url .. '/1m',
        doomed and cancelled() or helper.expect(1, function(err, res)
          assert.is_nil(err)
          assert.equal(1048576, #res.body)
        end))
    end
    helper.run(function()
      helper.sleep(20)
      for i = 2, 20, 2 do
        assert.is_true(list[i]:cancel())
      end
    end)
  end)
end)

describe('cancel inside', function()
  local BODY = ('x'):rep(300000)

  -- Each starts a transfer and calls `hook` once from the callback it is named after. It ends with
  -- `ended`, which is given the transfer's outcome.
  local HOOKS = {
    ['the final callback'] = function(hook)
      curl.get(servers.nginx.url .. '/small', helper.expect(1, function() hook() end))
    end,
    on_response = function(hook, ended)
      return curl.get(half(), { on_response = helper.expect(1, hook) }, ended)
    end,
    on_data = function(hook, ended)
      return curl.get(half(), { on_data = helper.expect(1, hook) }, ended)
    end,
    on_progress = function(hook, ended)
      local once = hook
      return curl.get(half(), { on_progress = function()
        if once then
          once()
          once = nil
        end
      end }, ended)
    end,
    ['a body function'] = function(hook, ended)
      local server = fault.serve(function(conn) conn:stall() end)
      local calls = 0
      return curl.post(server.url, { expect = false, body = function()
        calls = calls + 1
        if calls == 2 then
          hook()
        end
        return BODY
      end }, ended)
    end,
  }

  for name, start in pairs(HOOKS) do
    if name ~= 'the final callback' then
      it(name .. ' of itself', function()
        local t
        t = start(function()
          assert.is_true(t:cancel())
          assert.is_false(t:cancel())
        end, cancelled())
      end)
    end

    it(name .. ' of another that waits', function()
      local other = curl.get(fault.silent().url, cancelled('wait'))
      local t
      helper.run(function()
        helper.sleep(30)
        local ended = helper.expect(name == 'the final callback' and 0 or 1)
        local hooked = false
        t = start(function()
          assert.is_true(other:cancel())
          hooked = true
        end, ended)
        helper.wait_for(function() return hooked end)
        if t then
          t:cancel()
        end
      end)
    end)

    it(name .. ' of another that was added there', function()
      local t
      helper.run(function()
        local hooked = false
        t = start(function()
          curl.get(fault.silent().url, cancelled('queue')):cancel()
          hooked = true
        end, helper.expect(name == 'the final callback' and 0 or 1))
        helper.wait_for(function() return hooked end)
        if t then
          t:cancel()
        end
      end)
    end)
  end

  it('the final callback of itself does nothing', function()
    local t
    t = curl.get(servers.nginx.url .. '/small', helper.expect(1, function(err)
      assert.is_nil(err)
      assert.equal('done', t:state())
      assert.is_false(t:cancel())
    end))
  end)

  it('on_response: on_data is not called any more', function()
    local t
    t = curl.get(half(), {
      on_response = helper.expect(1, function() t:cancel() end), on_data = helper.never(),
    }, cancelled('body'))
  end)

  it('on_data of all the others that have data at the same moment', function()
    local list, ended = {}, 0
    local url = half()
    for i = 1, 10 do
      list[i] = curl.get(url, { on_data = function()
        for _, t in ipairs(list) do
          t:cancel()
        end
      end }, helper.expect(1, function(err)
        assert.equal('ABORTED_BY_CALLBACK', err.name)
        ended = ended + 1
      end))
    end
    helper.wait_for(function() return ended == 10 end)
  end)
end)

describe('a cancelled transfer', function()
  it('lets the loop end', helper.timed(function()
    if helper.nvim then
      return -- its loop never ends
    end
    helper.run(function()
      local t = curl.get(servers.nginx.url .. '/slow', cancelled())
      helper.sleep(30)
      t:cancel()
    end)
    local began = uv.hrtime()
    assert.is_true(helper.loop_ends(1000))
    assert.is_true(uv.hrtime() - began < 500e6)
  end))
end)
