-- A burst of completions does not keep the rest of the loop waiting.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'

local uv = helper.uv
local BURST, MS_EACH = 150, 1

-- Every response is there at once.
local function burst_server(count, body)
  local waiting, answer = {}, fault.response { body = body }
  return fault.serve(function(conn)
    conn:request()
    waiting[#waiting + 1] = conn
    if #waiting == count then
      for _, other in ipairs(waiting) do
        other.tcp:write(answer)
      end
    end
    conn:stall()
  end)
end

-- Callbacks that each take a millisecond; returns how often a timer of 1 ms came among them.
local function ticks_within_a_burst(settings)
  local server = burst_server(BURST, 'ok')
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
      helper.compute(MS_EACH)
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

local COUNT, MUCH = 8, 2 ^ 22

describe('what is put off for want of budget', function()
  it('comes first in the next turn', function()
    local server = burst_server(COUNT, ('x'):rep(MUCH))
    local m = curl.Multi:new { turn_budget = 1 }
    local received, when_first_ended = {}, nil
    for i = 1, COUNT do
      received[i] = 0
      m:add({
        url = server.url, high_water = MUCH,
        options = { buffersize = 1024 }, -- libcurl takes a hundred of them at once
        on_data = function(chunk) received[i] = received[i] + #chunk end,
      }, helper.expect(1, function(err)
        assert.is_nil(err)
        when_first_ended = when_first_ended or { (table.unpack or unpack)(received) }
      end))
    end
    helper.run(function() end)
    for i = 1, COUNT do
      assert.is_true(when_first_ended[i] > MUCH / 4, table.concat(when_first_ended, ' '))
    end
  end)
end)
