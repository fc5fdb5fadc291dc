-- Nothing grows: memory and descriptors are the same after thousands of requests. Each run has a
-- process of its own, since what other specs left in the heap would blur its size.

local child = require 'spec.support.child'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local SANITIZED = os.getenv('LUVCURL_ASAN') ~= nil
local DEADLINE = 120000

-- A sanitizer makes each request slow.
local REQUESTS = SANITIZED and 1000 or 10000
local MEGABYTE = 2 ^ 20

local SCRIPT = [[
local host = require 'spec.support.host'
local usage = require 'spec.support.usage'
local curl = require 'luvcurl'
local uv = host.uv
local url, silent, refused = arg[1], arg[2], arg[3]

-- `at_once` requests (1 by default), the others each started from the callback of one before.
local function sequence(count, start, at_once)
  local begun, ended = 0, 0
  local function step()
    if begun == count then
      return
    end
    begun = begun + 1
    start(function(err, wanted)
      ended = ended + 1
      if err and not wanted then
        io.stderr:write('unexpected: ', tostring(err), '\n')
      end
      step()
    end, begun)
  end
  for _ = 1, at_once or 1 do
    step()
  end
  assert(host.drive(function() return ended == count end, 100000))
end

local function measure()
  usage.settle()
  return usage.resident(), usage.descriptors()
end

-- Half of it first, to fill what is kept, then all of it: nothing more may be kept.
local function stays_flat(count, start, at_once)
  sequence(math.floor(count / 2), start, at_once)
  local memory, open = measure()
  sequence(count, start, at_once)
  local memory_after, open_after = measure()
  io.stdout:write(('%.0f %d %d\n'):format(memory_after - memory, open, open_after))
  if not host.nvim then
    uv.run('nowait') -- luv 1.44.2 crashes when a closed handle's callback never runs
  end
end

local function body_of(done, wanted)
  return function(err, res)
    done(err or res.body ~= wanted and 'wrong body' or nil)
  end
end
local count = tonumber(arg[4])
]]

local function check(name, count, source)
  it(('%.0f %s'):format(count, name), function()
    local result
    helper.run(function()
      result = child.run(SCRIPT .. source, { ms = DEADLINE,
        args = { servers.nginx.url, fault.silent().url, (fault.refused()),
          ('%.0f'):format(count) } })
    end, DEADLINE)
    assert.same({ 0, 0, false, '' }, { result.code, result.signal, result.late, result.err })
    local growth, before, after = result.out:match('^(%-?%d+) (%d+) (%d+)\n$')
    assert.is_string(growth, result.out)
    assert.equal(before, after)
    if not SANITIZED then -- which keeps what is freed
      local megabytes = tonumber(growth) / MEGABYTE
      -- what a heap takes for its holes; 10,000 requests that leak 1 kB each would take 10
      assert.is_true(megabytes < 5, ('resident memory grew by %.1f MB'):format(megabytes))
    end
  end)
end

describe('no growth over', function()
  check('requests, eight at once', REQUESTS, [[
    local m = curl.Multi:new()
    stays_flat(count, function(done)
      m:add(url .. '/small', body_of(done, 'hello world\n'))
    end, 8)
    assert(m:stats().opened == 8)
  ]])

  check('requests that are all different', REQUESTS / 5, [[
    stays_flat(count, function(done, n)
      curl.post(url .. '/sink?n=' .. n, {
        body = ('x'):rep(n % 1000), headers = { x_number = n }, timeout = 10000 + n,
        accept_encoding = n % 2 == 0,
      }, body_of(done, ('swallowed %d\n'):format(n % 1000)))
    end)
  ]])

  check('uploads from a function', REQUESTS / 5, [[
    stays_flat(count, function(done, n)
      local left = n % 4
      curl.post(url .. '/sink', { body = function()
        left = left - 1
        return left >= 0 and 'part' or nil
      end }, done)
    end)
  ]])

  check('requests with a connection each', REQUESTS / 5, [[
    stays_flat(count, function(done)
      curl.get(url .. '/small', { options = { forbid_reuse = true } },
        body_of(done, 'hello world\n'))
    end)
  ]])

  check('requests that are cancelled or refused', REQUESTS / 5, [[
    stays_flat(count, function(done, n)
      local t = curl.get(n % 2 == 0 and silent or refused, function(err)
        done(err or 'no error', err)
      end)
      if n % 4 == 0 then
        t:cancel()
      elseif n % 2 == 0 then
        local timer = uv.new_timer()
        timer:start(1, 0, function()
          timer:close()
          t:cancel()
        end)
      end
    end)
  ]])

  check('Multis', REQUESTS / 20, [[
    stays_flat(count, function(done)
      curl.Multi:new():add(url .. '/small', function(err)
        collectgarbage()
        done(err)
      end)
    end)
  ]])

  -- Each holds a connection, and little that a collector can see.
  check('Multis that are left to the collector', REQUESTS / 20, [[
    local most = 0
    stays_flat(count, function(done)
      curl.Multi:new():add(url .. '/small', function(err)
        most = math.max(most, usage.descriptors())
        done(err)
      end)
    end)
    assert(most < 100, most .. ' descriptors at once')
  ]])
end)
