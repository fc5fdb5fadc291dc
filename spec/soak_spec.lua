-- Nothing grows: memory, descriptors and handles are the same after thousands of requests.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local uv = helper.uv
local nginx = servers.nginx

local SANITIZED = os.getenv('LUVCURL_ASAN') ~= nil
local PRESSED = os.getenv('LUVCURL_GC') ~= nil

-- A collector that runs all the time makes each request slow, and a sanitizer keeps what is freed.
local REQUESTS = (PRESSED or SANITIZED) and 1000 or 10000
local MEGABYTE = 2 ^ 20
local DEADLINE = 60000

local function resident()
  local file = assert(io.open('/proc/self/statm'))
  local pages = file:read('*a'):match('^%d+ (%d+)')
  file:close()
  return tonumber(pages) * 4096
end

-- One request after the other, each started from the callback of the one before.
local function sequence(count, start)
  local done = 0
  local function step()
    if done == count then
      return
    end
    done = done + 1
    start(step, done)
  end
  step()
  helper.wait_for(function() return done == count end, DEADLINE)
end

local function measure()
  helper.collect()
  helper.spin(20)
  helper.collect()
  return resident(), helper.descriptors()
end

-- Half of it first, to fill what is kept, then all of it: nothing more may be kept.
local function stays_flat(count, start)
  local ended = 0
  local function counted(step, n)
    start(function()
      ended = ended + 1
      step()
    end, n)
  end
  local first = math.floor(count / 2)
  sequence(first, counted)
  local memory, descriptors = measure()
  sequence(count, counted)
  helper.wait_for(function() return ended == count + first end)
  local memory_after, descriptors_after = measure()
  assert.equal(descriptors, descriptors_after)
  local growth = (memory_after - memory) / MEGABYTE
  if not SANITIZED then
    assert.is_true(growth < 2, ('resident memory grew by %.1f MB'):format(growth))
  end
end

describe('no growth over', function()
  it(REQUESTS .. ' requests, one after the other', function()
    local m = curl.Multi:new()
    stays_flat(REQUESTS, function(done)
      m:add(nginx.url .. '/small', function(err, res)
        if err or res.body ~= 'hello world\n' then
          helper.fail(err or 'wrong body')
        end
        done()
      end)
    end)
    assert.equal(1, m:stats().opened)
  end)

  it(math.floor(REQUESTS / 10) .. ' requests that are all different', function()
    stays_flat(REQUESTS / 10, function(done, n)
      curl.post(nginx.url .. '/sink?n=' .. n, {
        body = ('x'):rep(n % 1000), headers = { x_number = n }, timeout = 10000 + n,
        accept_encoding = n % 2 == 0,
      }, function(err, res)
        if err or res.status ~= 200 then
          helper.fail(err or 'wrong status ' .. res.status)
        end
        done()
      end)
    end)
  end)

  it(math.floor(REQUESTS / 10) .. ' requests with a connection each', function()
    stays_flat(REQUESTS / 10, function(done)
      curl.get(nginx.url .. '/small', { options = { forbid_reuse = true } }, function(err)
        if err then
          helper.fail(err)
        end
        done()
      end)
    end)
  end)

  it(math.floor(REQUESTS / 10) .. ' cancelled and refused requests', function()
    local silent, refused = fault.silent().url, fault.refused()
    local calls = 0
    stays_flat(REQUESTS / 10, function(done, n)
      local t = curl.get(n % 2 == 0 and silent or refused, function(err)
        calls = calls + 1
        if not err then
          helper.fail('no error')
        end
        done()
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
    assert.equal(REQUESTS / 10 + math.floor(REQUESTS / 20), calls)
  end)

  it(math.floor(REQUESTS / 100) .. ' Multis', function()
    stays_flat(REQUESTS / 100, function(done)
      curl.Multi:new():add(nginx.url .. '/small', function(err)
        if err then
          helper.fail(err)
        end
        collectgarbage()
        done()
      end)
    end)
  end)
end)
