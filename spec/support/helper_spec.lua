local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local uv = helper.uv

-- Runs a guarded test as the entry script does, inside the one that runs now.
local function outcome(test)
  local ok, err = pcall(helper.guard(test))
  return ok, tostring(err)
end

describe('helper', function()
  it('runs a coroutine on the loop', function()
    local slept = false
    helper.run(function()
      helper.sleep(5)
      slept = true
    end)
    assert.is_true(slept)
  end)

  it('hands back what a callback was given', function()
    helper.run(function()
      local a, b, c = helper.await(function(done)
        local timer = uv.new_timer()
        timer:start(1, 0, function()
          timer:close()
          done(1, nil, 3)
        end)
      end)
      assert.same({ 1, 3 }, { a, c })
      assert.is_nil(b)
    end)
  end)

  it('waits for expected callbacks', function()
    helper.run(function()
      local timer = uv.new_timer()
      timer:start(20, 0, helper.expect(1, function() timer:close() end))
    end)
  end)

  it('tells of a callback that never came', function()
    local ok, err = outcome(function()
      helper.run(function() helper.expect(1) end, 50)
    end)
    assert.is_false(ok)
    assert.matches('called 0 times, expected 1, at .*helper_spec.lua', err)
  end)

  it('tries a test of times again, and tells when it fails each time', function()
    local tries = 0
    local ok = outcome(helper.timed(function()
      tries = tries + 1
      assert.is_true(tries > 2, 'too slow')
    end))
    assert.same({ true, 3 }, { ok, tries })
    local err
    ok, err = outcome(helper.timed(function()
      tries = tries + 1
      error('try ' .. tries)
    end))
    assert.is_false(ok)
    assert.matches('try 6', err)
  end)

  it('tells of a callback that came too often', function()
    local ok, err = outcome(function()
      local call = helper.expect(1)
      call()
      call()
    end)
    assert.is_false(ok)
    assert.matches('called 2 times', err)
  end)

  it('fails by an assert inside a callback, after the loop', function()
    local ok, err = outcome(function()
      helper.run(function()
        local timer = uv.new_timer()
        timer:start(1, 0, helper.expect(1, function()
          timer:close()
          assert.equal(1, 2)
        end))
      end)
    end)
    assert.is_false(ok)
    assert.matches('helper_spec.lua:%d+: .*Expected', err)
  end)

  local waits = {
    ['a request'] = function() curl.get((fault.refused())) end,
    ['a yield'] = function() helper.sleep(1) end,
  }
  for name, wait in pairs(waits) do
    it('fails by an error after ' .. name, function()
      local ok, err = outcome(function()
        helper.run(function()
          wait()
          error('too bad')
        end)
      end)
      assert.is_false(ok)
      assert.matches('too bad', err)
    end)
  end

  it('ends a test at its deadline', function()
    local before = uv.hrtime()
    local timer = uv.new_timer()
    local ok, err = outcome(function()
      timer:start(60000, 0, function() end)
      helper.defer(function() timer:close() end)
      helper.run(function() helper.await(function() end) end, 50)
    end)
    assert.is_false(ok)
    assert.matches('deadline of %d+ ms', err) -- longer when the collector is pressed
    assert.is_true(uv.hrtime() - before < 2e9, tostring(uv.hrtime() - before))
  end)

  it('tells of a handle left over', function()
    if not helper.can_walk then
      return
    end
    local timer = uv.new_timer()
    local ok, err = outcome(function() timer:start(60000, 0, function() end) end)
    assert.is_false(ok)
    assert.matches('left over after the test: uv_timer_t', err)
    assert.is_true(timer:is_closing())
  end)

  it('ends what a test that failed has left, and blames nobody else', function()
    local ended
    local ok, err = outcome(function()
      local server = fault.serve(function(conn) conn:stall() end)
      curl.get(server.url, helper.expect(1, function(problem) ended = problem end))
      curl.get(server.url, helper.expect(1))
      error('too bad')
    end)
    assert.is_false(ok)
    assert.matches('too bad', err)
    assert.is_nil(ended) -- the callback of a test that is over is not called
    helper.run(function()
      local server = fault.serve(function(conn)
        conn:request()
        conn:send('HTTP/1.1 200 Fine\r\nContent-Length: 4\r\n\r\nwell')
        conn:shutdown()
      end)
      assert.equal('well', assert(curl.get(server.url)).body)
    end)
  end)
end)
