-- A burst of completions does not keep the rest of the loop waiting.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'

local uv = helper.uv
local BURST, MS_EACH = 150, 1

-- Every response is there at once.
local function burst_server()
  local waiting = {}
  return fault.serve(function(conn)
    conn:request()
    waiting[#waiting + 1] = conn
    if #waiting == BURST then
      for _, other in ipairs(waiting) do
        other:send(fault.response { body = 'ok' })
      end
    end
    conn:stall()
  end)
end

-- Callbacks that each take a millisecond; returns how often a timer of 1 ms came among them.
local function ticks_within_a_burst(settings)
  local server = burst_server()
  local m = curl.Multi:new(settings)
  local ticks, began, ended, done = 0, nil, nil, 0
  local timer = uv.new_timer()
  timer:start(1, 1, function() ticks = ticks + 1 end)
  for _ = 1, BURST do
    m:add(server.url, helper.expect(1, function(err)
      assert.is_nil(err)
      began = began or ticks
      ended = ticks
      done = done + 1
      local until_then = uv.hrtime() + MS_EACH * 1e6
      while uv.hrtime() < until_then do end -- luacheck: ignore
    end))
  end
  helper.run(function()
    helper.wait_for(function() return done == BURST end)
    timer:close()
  end)
  return ended - began
end

describe('the budget of a turn', function()
  it('lets a timer in between the callbacks of a burst', function()
    -- 3 ms of callbacks in a turn by default, and one more
    assert.is_true(ticks_within_a_burst() >= BURST / 6)
  end)

  it('can be smaller', function()
    assert.is_true(ticks_within_a_burst { turn_budget = 1 } >= BURST / 3)
  end)

  it('is checked', function()
    local ok, err = pcall(curl.Multi.new, curl.Multi, { turn_budget = 0 })
    assert.is_false(ok)
    assert.matches('Multi setting turn_budget: expected milliseconds above 0, got 0', err, 1, true)
  end)
end)
