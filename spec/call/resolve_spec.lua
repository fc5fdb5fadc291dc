-- A name look-up that takes long: the loop is never held by it, not even by cancelling it.

local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local slow_lookup = require 'spec.support.slow_lookup'

-- A test whose limits are times.
local function timed(name, test)
  it(name, helper.timed(test))
end

describe('a slow name look-up', function()
  teardown(slow_lookup.clean)

  timed('is cancelled at once, and holds neither the loop nor the end of the process', function()
    local result, err, after, longest, ticks = slow_lookup.run('50', '')
    assert.same({ name = 'ABORTED_BY_CALLBACK', phase = 'resolve' }, err)
    assert.is_true(after < 100, ('told %.0f ms after the cancel'):format(after))
    assert.is_true(longest < 150, ('the loop was held for %.0f ms'):format(longest))
    assert.is_true(ticks > 50, ('only %d ticks'):format(ticks))
    assert.is_true(result.ms < 2500, ('the process took %.0f ms'):format(result.ms))
  end)

  timed('times out, and holds neither the loop nor the end of the process', function()
    local result, err, after, longest = slow_lookup.run('', '200')
    assert.same({ name = 'OPERATION_TIMEDOUT', phase = 'resolve' }, err)
    assert.is_true(after >= 190 and after < 500, ('told after %.0f ms'):format(after))
    assert.is_true(longest < 150, ('the loop was held for %.0f ms'):format(longest))
    assert.is_true(result.ms < 2500, ('the process took %.0f ms'):format(result.ms))
  end)

  timed('fails by itself, without holding the loop', function()
    local _, err, after, longest = slow_lookup.run('', '')
    assert.same({ name = 'COULDNT_RESOLVE_HOST', phase = 'resolve' }, err)
    assert.is_true(after >= 2900 and after < 4500, ('told after %.0f ms'):format(after))
    assert.is_true(longest < 150, ('the loop was held for %.0f ms'):format(longest))
  end)
end)

describe('failed name look-ups', function()
  it('are told of each', function()
    local curl = require 'luvcurl'
    for i = 1, 3 do
      local name = ('http://nosuchhost%d.invalid/'):format(i)
      curl.get(name, helper.expect(1, function(err)
        assert.same({ 'COULDNT_RESOLVE_HOST', 'resolve', name }, { err.name, err.phase, err.url })
      end))
    end
  end)

  -- A handle whose look-up failed keeps its receive buffer and refuses to change its size, which
  -- luvcurl does by the number of transfers in flight.
  it('leave handles that serve the next requests', function()
    local curl = require 'luvcurl'
    local m = curl.Multi:new()
    helper.run(function()
      -- A timeout of its own, so that its handle waits for a request of the same options.
      helper.await(function(done)
        m:add({ url = 'http://nosuchhost.invalid/', timeout = 9876 }, done)
      end)
      local silent = fault.silent().url
      for _ = 1, 40 do
        m:add(silent, helper.expect(1))
      end
      helper.sleep(20)
      local server = fault.serve(fault.response { body = 'fine' })
      helper.await(function(done)
        m:add({ url = server.url, timeout = 9876 }, helper.expect(1, function(err, res)
          done()
          assert.is_nil(err)
          assert.equal('fine', res.body)
        end))
      end)
      m:close()
    end)
  end)
end)
