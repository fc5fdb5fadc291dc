-- Nothing grows and nothing is lost over hours' worth of requests. No *_spec.lua, since it takes
-- minutes:
--
--     luajit spec/run.lua --build build/release --timeout 3600 spec/soak/soak.lua
--
-- SOAK_REQUESTS=n (200000), SOAK_CANCELS=n (100000), SOAK_MONKEY=n (20000), SOAK_SEED=n

local child = require 'spec.support.child'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'

local REQUESTS = tonumber(os.getenv('SOAK_REQUESTS') or 200000)
local CANCELS = tonumber(os.getenv('SOAK_CANCELS') or 100000)
local MONKEY = tonumber(os.getenv('SOAK_MONKEY') or 20000)
local SEED = tonumber(os.getenv('SOAK_SEED') or os.time() % 1000000)
local DEADLINE = 3000000
local MEGABYTE = 2 ^ 20
local MOST_GROWTH = 4 * MEGABYTE
local MOST_AT_ONCE = 100

local function after_a_request(act)
  return fault.serve(function(conn)
    if conn:request() then
      act(conn)
    end
  end).url
end

local function soak(path, count, args)
  local result
  helper.run(function()
    result = child.run_file(path, { ms = DEADLINE, args = { tostring(count), tostring(SEED),
      (table.unpack or unpack)(args()) } })
  end, DEADLINE)
  print(('%s, seed %d, %.0f s:\n%s'):format(path, SEED, result.ms / 1000, result.out))
  assert.same({ 0, 0, false, '' }, { result.code, result.signal, result.late, result.err })
  local first, last = result.out:match('^(%b{})\n(%b{})\n$')
  return assert((loadstring or load)('return ' .. first))(),
    assert((loadstring or load)('return ' .. last))()
end

local function assert_flat(early, late)
  assert.equal(early.descriptors, late.descriptors)
  -- Poll handles are kept for each descriptor there ever was at once: that may have its peak late.
  assert.is_true(late.handles - early.handles <= MOST_AT_ONCE, late.handles .. ' handles')
  assert.is_true(late.resident - early.resident < MOST_GROWTH,
    ('resident memory grew by %.1f MB'):format((late.resident - early.resident) / MEGABYTE))
end

describe('a soak', function()
  it('of requests of all kinds, and of faults', function()
    local early, late = soak('spec/soak/mix.lua', REQUESTS, function()
      return { fault.silent().url, (fault.refused()),
        after_a_request(function(conn) conn:reset() end),
        after_a_request(function(conn)
          conn:send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
        end),
        after_a_request(function(conn) conn:send('\0\1\2 this is no HTTP \r\n\r\n') end) }
    end)
    assert.equal(REQUESTS, late.requests)
    assert_flat(early, late)
  end)

  it('of transfers that are added and cancelled at random', function()
    local early, late = soak('spec/soak/churn.lua', CANCELS, function() return {} end)
    assert.equal(CANCELS, late.requests)
    assert.is_true(late.cancelled > CANCELS / 10)
    assert_flat(early, late)
  end)

  it('of a monkey, who calls all there is, and a mad server', function()
    local result
    helper.run(function()
      result = child.run_file('spec/soak/monkey.lua', {
        ms = DEADLINE, args = { tostring(MONKEY), tostring(SEED) },
      })
    end, DEADLINE)
    print(('monkey, seed %d, %.0f s: %s'):format(SEED, result.ms / 1000, result.out))
    assert.same({ 0, 0, false }, { result.code, result.signal, result.late }, result.err)
    local ended = tonumber(result.out:match('(%d+) ended: '))
    assert.is_true(ended >= MONKEY, result.out .. result.err)
  end)
end)
