-- curl.spawn and curl.sleep: tasks that are waited for, and cancelled in every call that waits.

local child = require 'spec.support.child'
local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local host = require 'spec.support.host'
local servers = require 'spec.support.servers'

local uv = helper.uv

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

-- A server that notes when its client has gone; `send` is what it says first.
local function waits(send)
  local server
  server = fault.serve(function(conn)
    conn:request()
    conn:send(send or '')
    server.asked = true
    conn:stall()
    server.left = true
  end)
  return server
end

local function has(server, field)
  helper.wait_for(function() return server[field] end)
end

local HALF = 'HTTP/1.1 200 Fine\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n'

describe('curl.sleep', function()
  runs('waits for so long', function()
    local began = uv.hrtime()
    assert.is_true(curl.sleep(30))
    assert.is_true(uv.hrtime() - began >= 29e6)
  end)

  runs('calls back', function()
    local inside = true
    curl.sleep(1, helper.expect(1, function(err, done)
      assert.is_false(inside)
      assert.same({ nil, true }, { err, done })
    end))
    inside = false
  end)

  runs('can be cancelled', function()
    local began = uv.hrtime()
    local task = curl.sleep(60000, helper.expect(1, function(err)
      assert.equal('CANCELLED: enough', tostring(err))
    end))
    assert.is_true(task:cancel('enough'))
    helper.wait_for(function() return task:state() == 'done' end)
    assert.is_true(uv.hrtime() - began < 30e9)
  end)

  it('runs the loop of a main chunk', function()
    local ticked = false
    curl.spawn(function()
      curl.sleep(1)
      ticked = true
    end)
    assert.is_true(curl.sleep(50))
    assert.is_true(ticked)
  end)

  runs('ends when everything does', function()
    local task = curl.spawn(function() return curl.sleep(60000) end)
    curl.shutdown()
    assert.equal('SHUT_DOWN', select(2, task:wait()).name)
  end)

  runs('wants a time', function()
    assert.has_error(function() curl.sleep('1') end)
    assert.has_error(function() curl.sleep(-1, print) end)
  end)
end)

describe('a task', function()
  runs('runs at once until it first waits, and gives what its function returns', function()
    local began = false
    local task = curl.spawn(function()
      began = true
      curl.sleep(1)
      return 1, nil, 3
    end)
    assert.is_true(began)
    assert.equal('running', task:state())
    assert.same({ 3, { 1, nil, 3 } }, { select('#', task:wait()), { task:wait() } })
    assert.equal('done', task:state())
    task:wait(helper.expect(1, function(...)
      assert.same({ 4, { nil, 1, nil, 3 } }, { select('#', ...), { ... } })
    end))
  end)

  it('is waited for by a main chunk', function()
    local body
    local task = curl.spawn(function()
      body = assert(curl.get(servers.nginx.url .. '/small')).body
      return #body
    end)
    assert.equal(12, task:wait())
    assert.equal('hello world\n', body)
  end)

  runs('calls back when it has ended, also when it never waited', function()
    local inside = true
    curl.spawn(function() return 'at once' end, helper.expect(1, function(err, value)
      assert.is_false(inside)
      assert.same({ nil, 'at once' }, { err, value })
    end))
    inside = false
  end)

  runs('gives the Error that it raised, and one for what else was raised', function()
    local url = fault.refused()
    local _, err = curl.spawn(function()
      local _, why = curl.get(url)
      error(why, 0)
    end):wait()
    assert.equal('COULDNT_CONNECT', err.name)
    _, err = curl.spawn(function() return curl.get(url) end):wait()
    assert.equal('COULDNT_CONNECT', err.name)
    local value = {}
    _, err = curl.spawn(function()
      curl.sleep(1)
      error(value)
    end):wait()
    assert.equal('TASK_FAILED', err.name)
    assert.equal(value, err.cause)
    _, err = curl.spawn(function()
      curl.sleep(1)
      local none = nil
      return none.field
    end):wait()
    assert.matches('spawn_spec.lua:%d+: attempt to index', err.message)
    assert.matches('stack traceback', err.message)
  end)

  runs('is waited for by several', function()
    local task = curl.spawn(function()
      curl.sleep(5)
      return 'x'
    end)
    local seen = 0
    for _ = 1, 3 do
      curl.spawn(function()
        assert.equal('x', task:wait())
        seen = seen + 1
      end)
    end
    helper.wait_for(function() return seen == 3 end)
  end)

  runs('cannot wait for itself', function()
    local _, err = curl.spawn(function(task) return task:wait() end):wait()
    assert.matches('a task cannot wait for itself', err.message)
  end)

  runs('wants a function, and its methods a colon', function()
    assert.has_error(function() curl.spawn(1) end)
    assert.has_error(function() curl.spawn(print, 1) end)
    local task = curl.spawn(function() end)
    assert.has_error(function() task.cancel() end)
    assert.has_error(function() task:cancel(1) end)
    assert.has_error(function() task:wait(1) end)
    task:wait()
    assert.has_error(function() task:defer(print) end)
  end)
end)

-- What a task may wait in: starts it, says when it waits there. `server` is told by `left`.
local WAITS = {
  ['a request before its headers'] = function(server) return curl.get(server.url) end,
  ['a stream before its headers'] = function(server) return curl.stream(server.url) end,
  ['a session\'s request'] = function(server) return curl.session {}:post(server.url) end,
  ['a download'] = function(server) return curl.download(server.url, folder.new():at('x')) end,
}
local READS = {
  ['a stream\'s read'] = function(res) return res:read(100) end,
  ['a stream\'s lines'] = function(res)
    local following = res:lines()
    return following(), following(), following()
  end,
  ['a stream\'s events'] = function(res)
    local following = res:events { reconnect = true }
    return following(), following()
  end,
  ['discard'] = function(res) return res:discard() end,
}

local function cancels(server, fn)
  local after, deferred = false, 0
  local task = curl.spawn(function(task)
    task:defer(function() deferred = deferred + 1 end)
    fn(server)
    after = true
  end)
  has(server, 'asked')
  helper.sleep(10)
  assert.is_true(task:cancel('no longer wanted'))
  assert.equal('cancelling', task:state())
  assert.is_false(task:cancel())
  local value, err = task:wait()
  assert.same({ nil, 'CANCELLED', 'no longer wanted' }, { value, err.name, err.message })
  assert.same({ false, 1, 'done' }, { after, deferred, task:state() })
  assert.is_false(task:cancel())
  has(server, 'left')
end

describe('a cancelled task', function()
  for name, start in pairs(WAITS) do
    runs('ends ' .. name, function()
      cancels(waits(), start)
    end)
  end

  for name, read in pairs(READS) do
    runs('ends ' .. name, function()
      cancels(waits(HALF), function(server) return read(assert(curl.stream(server.url))) end)
    end)
  end

  runs('ends the time before a reconnection', function()
    local server = fault.serve((HALF:gsub('\r\n\r\n', '\r\nContent-Length: 9%0', 1)))
    local events, after = 0, false
    local task = curl.spawn(function()
      local following = assert(curl.stream(server.url)):events { reconnect = true, retry = 60000 }
      while following() do
        events = events + 1
      end
      after = true
    end)
    helper.wait_for(function() return events == 1 end)
    helper.sleep(10)
    task:cancel()
    local _, err = task:wait()
    assert.same({ 'CANCELLED', false }, { err.name, after })
  end)

  runs('ends its wait for another task, which goes on', function()
    local other = curl.spawn(function()
      curl.sleep(30)
      return 'there'
    end)
    local task = curl.spawn(function() return other:wait() end)
    task:cancel()
    assert.equal('CANCELLED', select(2, task:wait()).name)
    assert.equal('there', other:wait())
  end)

  runs('that does not wait has the error where it would wait next', function()
    local server = fault.silent()
    local _, err = curl.spawn(function(task)
      task:cancel()
      curl.get(server.url)
      error('not reached')
    end):wait()
    assert.equal('CANCELLED', err.name)
    assert.equal(0, server.connections)
  end)

  runs('is cancelled though what it waits for comes meanwhile', function()
    local after = false
    local task = curl.spawn(function()
      curl.sleep(1)
      after = true
    end)
    helper.compute(20) -- its time is up
    task:cancel()
    assert.equal('CANCELLED', select(2, task:wait()).name)
    assert.is_false(after)
  end)

  runs('keeps what its deferred functions raise', function()
    local order = {}
    local task = curl.spawn(function(task)
      task:defer(function() order[#order + 1] = 'first' end)
      task:defer(function()
        order[#order + 1] = 'last'
        error('in the cleanup', 0)
      end)
      curl.sleep(60000)
    end)
    task:cancel()
    local _, err = task:wait()
    assert.matches('^in the cleanup', err.message)
    assert.same({ 'last', 'first' }, order)
  end)

  if host.can_yield_in_pcall then -- elsewhere whoever resumes it has the error
    runs('that waits in something else has it at its next call', function()
      local co, after
      local task = curl.spawn(function()
        co = coroutine.running()
        coroutine.yield()
        after = true
        curl.sleep(1)
        after = 'too far'
      end)
      task:cancel()
      helper.sleep(10)
      assert.equal('cancelling', task:state())
      helper.resume(co)
      assert.is_true(after)
      assert.equal('CANCELLED', select(2, task:wait()).name)
      assert.is_true(after)
    end)

    runs('may clean up beneath pcall, and has the error again when it waits', function()
      local seen = {}
      local task = curl.spawn(function()
        local ok, err = pcall(curl.sleep, 60000)
        seen[1] = { ok, err.name }
        ok, err = pcall(curl.get, servers.nginx.url)
        seen[2] = { ok, err.name }
        curl.get(servers.nginx.url .. '/small', helper.expect(1, function(failure, res)
          assert.is_nil(failure)
          assert.equal(200, res.status)
        end))
        return 'a value'
      end)
      task:cancel()
      assert.equal('CANCELLED', select(2, task:wait()).name)
      assert.same({ { false, 'CANCELLED' }, { false, 'CANCELLED' } }, seen)
    end)
  end
end)

describe('a task that fails', function()
  local function script(body)
    return child.run(([[
      local curl = require 'luvcurl'
      local uv = require('luvcurl/host/host').uv
      %s
    ]]):format(body))
  end

  runs('unheard is told on stderr, and by the status', function()
    local result = script [[
      curl.spawn(function()
        curl.sleep(1)
        error('nobody asks for this')
      end)
      curl.sleep(20)
    ]]
    assert.matches('luvcurl: TASK_FAILED: [^\n]*script.lua:5: nobody asks for this', result.err)
    assert.is_true(result.code ~= 0)
  end)

  runs('is not told of when somebody has asked, now or later', function()
    local result = script [[
      local early = curl.spawn(function() curl.sleep(1) error('one') end, function() end)
      local late = curl.spawn(function() error('two') end)
      local ended = curl.spawn(function() curl.sleep(60000) end)
      ended:cancel()
      curl.sleep(20)
      assert(select(2, late:wait()).name == 'TASK_FAILED')
      early, late, ended = nil, nil, nil
      collectgarbage() collectgarbage()
      io.stdout:write('fine')
    ]]
    assert.same({ '', 'fine', 0 }, { result.err, result.out, result.code })
  end)

  runs('in a callback of its own goes to the host', function()
    local result = script [[
      curl.spawn(function() curl.sleep(1) end, function() error('in the callback') end)
      curl.sleep(50)
    ]]
    assert.matches('in the callback', result.err)
  end)
end)
