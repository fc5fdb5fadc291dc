-- Many transfers in one Multi: its limits, its queue, its end and what it leaves behind.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local uv = helper.uv
local nginx = servers.nginx

-- A server that answers after some milliseconds and notes how many requests it had at once.
local function counting(ms)
  local now, most = 0, 0
  local server = fault.serve(function(conn)
    while conn:request() do
      now = now + 1
      most = math.max(most, now)
      conn:sleep(ms)
      now = now - 1
      if not conn:send(fault.response { body = 'ok' }) then
        return
      end
    end
  end)
  return server, function() return most end
end

local function fine(body)
  return helper.expect(1, function(err, res)
    assert.is_nil(err)
    assert.equal(200, res.status)
    assert.equal(body, res.body)
  end)
end

describe('a Multi', function()
  it('carries 200 transfers at once', function()
    local waiting = {}
    local server = fault.serve(function(conn)
      conn:request()
      if #waiting < 199 then -- nobody is answered before all are there
        conn:wait(function(done) waiting[#waiting + 1] = done end)
      else
        for _, done in ipairs(waiting) do
          done()
        end
      end
      conn:send(fault.response { body = 'ok' })
      conn:stall()
    end)
    local m = curl.Multi:new()
    for _ = 1, 200 do
      m:add(server.url, fine('ok'))
    end
    assert.equal(200, m:count())
    helper.run(function()
      helper.wait_for(function() return m:count() == 0 end)
    end)
    assert.equal(200, server.connections)
    local stats = m:stats()
    assert.same({ 200, 0, 0, 0, 200, 0 }, { stats.finished, stats.failed, stats.in_flight,
      stats.queued, stats.opened, stats.reused })
  end)

  it('keeps connections for the next transfers', function()
    local server = fault.serve(fault.response { body = 'ok' })
    local m = curl.Multi:new()
    helper.run(function()
      for _ = 1, 10 do
        helper.await(function(done) m:add(server.url, done) end)
      end
    end)
    local stats = m:stats()
    assert.equal(1, server.connections)
    assert.same({ 10, 1, 9 }, { stats.finished, stats.opened, stats.reused })
    assert.is_true(stats.sent > 10 * 40 and stats.received > 10 * 20)
  end)

  it('holds to max_concurrent', function()
    local server, most = counting(5)
    local m = curl.Multi:new { max_concurrent = 3 }
    for _ = 1, 30 do
      m:add(server.url, fine('ok'))
    end
    helper.run(function()
      local stats
      helper.wait_for(function()
        stats = m:stats()
        return stats.in_flight == 3
      end)
      assert.equal(m:count(), stats.in_flight + stats.queued)
    end)
    assert.equal(3, most())
  end)

  it('is fair to hosts: a long queue of one does not hold up another', function()
    local server = counting(10)
    local other = counting(10)
    local m = curl.Multi:new { max_concurrent = 2 }
    local order = {}
    for _ = 1, 20 do
      m:add(server.url, helper.expect(1, function() order[#order + 1] = 'long' end))
    end
    for _ = 1, 2 do
      m:add(other.url, helper.expect(1, function() order[#order + 1] = 'short' end))
    end
    helper.run(function() end)
    assert.equal(22, #order)
    local last = 0
    for i, name in ipairs(order) do
      last = name == 'short' and i or last
    end
    assert.is_true(last <= 6, 'the last of the short queue ended as number ' .. last)
  end)

  it('starts the transfers to one host in the order they were added', function()
    local m = curl.Multi:new { max_concurrent = 1 }
    local order = {}
    local server = fault.serve(fault.response { body = 'ok' })
    for i = 1, 20 do
      m:add(server.url, helper.expect(1, function() order[#order + 1] = i end))
    end
    helper.run(function() end)
    for i = 1, 20 do
      assert.equal(i, order[i])
    end
  end)

  it('tells of a queued transfer that was cancelled in count and stats', function()
    local m = curl.Multi:new { max_concurrent = 1 }
    local silent = fault.silent().url
    m:add(silent, helper.expect(1))
    local queued = {}
    for i = 1, 5 do
      queued[i] = m:add(silent, helper.expect(1))
    end
    helper.run(function()
      helper.sleep(20)
      assert.same({ 6, 1, 5 }, { m:count(), m:stats().in_flight, m:stats().queued })
      queued[2]:cancel()
      queued[4]:cancel()
      helper.sleep(20)
      assert.same({ 4, 1, 3 }, { m:count(), m:stats().in_flight, m:stats().queued })
      m:close()
    end)
  end)
end)

describe('Multi:close', function()
  it('ends every transfer, then calls back, and refuses new ones', function()
    local m = curl.Multi:new { max_concurrent = 3 }
    local silent = fault.silent().url
    local told = 0
    for _ = 1, 6 do
      m:add(silent, helper.expect(1, function(err)
        told = told + 1
        assert.same({ 'ABORTED_BY_CALLBACK', 'the Multi was closed' }, { err.name, err.message })
      end))
    end
    helper.run(function()
      helper.sleep(20)
      m:close(helper.expect(1, function()
        assert.equal(6, told)
        assert.equal(0, m:count())
      end))
      assert.equal(0, told)
    end)
    local ok, err = pcall(m.add, m, silent)
    assert.is_false(ok)
    assert.matches('the Multi is closed', err)
  end)

  it('with nothing to end calls back later', function()
    local m = curl.Multi:new()
    local inside = true
    m:close(helper.expect(1, function() assert.is_false(inside) end))
    m:close(helper.expect(1, function() assert.is_false(inside) end))
    inside = false
  end)

  it('from inside callbacks', function()
    local m = curl.Multi:new()
    for i = 1, 10 do
      m:add({ url = nginx.url .. '/1m?n=' .. i, on_data = function() m:close() end },
        helper.expect(1))
    end
    m:add(nginx.url .. '/small', helper.expect(1, function() m:close() end))
    helper.wait_for(function() return m:count() == 0 end)
  end)

  it('ends the kept connections when the Multi is collected', function()
    local gone = false
    local server = fault.serve(function(conn)
      conn:request()
      conn:send(fault.response { body = 'ok' })
      conn:stall()
      gone = true
    end)
    do
      local m = curl.Multi:new()
      helper.run(function()
        helper.await(function(done) m:add(server.url, done) end)
      end)
      m:close()
    end
    helper.collect()
    helper.wait_for(function()
      helper.collect()
      return gone
    end)
  end)
end)

describe('a Multi that nobody holds any more', function()
  it('still ends its transfers', function()
    for i = 1, 20 do
      curl.Multi:new():add(nginx.url .. '/1k?n=' .. i, helper.expect(1, function(err, res)
        assert.is_nil(err)
        assert.equal(1024, #res.body)
      end))
    end
    helper.collect()
  end)

  it('is freed with cancelled transfers in its queue', function()
    local silent = fault.silent().url
    helper.run(function()
      local first
      do
        local m = curl.Multi:new { max_concurrent = 1 }
        first = m:add(silent, helper.expect(1))
        for _ = 1, 3 do
          m:add(silent, helper.expect(1)):cancel()
        end
      end
      helper.sleep(20)
      helper.collect()
      first:cancel()
      first = nil -- luacheck: ignore 311
      helper.sleep(20)
      helper.collect()
      helper.sleep(20)
    end)
  end)
end)

-- Neovim's loop never ends, so there is nothing to see there.
if not helper.nvim then
  describe('the loop', function()
    it('ends while a Multi is idle, with connections kept', function()
      local server = fault.serve(fault.response { body = 'ok' })
      local m = curl.Multi:new()
      helper.run(function()
        helper.await(function(done) m:add(nginx.url .. '/small', done) end)
        helper.await(function(done) m:add(server.url, done) end)
      end)
      server:close()
      assert.is_true(helper.loop_ends(2000))
      assert.equal(2, m:stats().opened)
    end)

    it('does not wait for a transfer after unref, and does again after ref', helper.timed(function()
      local t = curl.get(nginx.url .. '/slow', helper.expect(1))
      t:unref()
      local began = uv.hrtime()
      assert.is_true(helper.loop_ends(2000))
      assert.is_true(uv.hrtime() - began < 500e6)
      t:ref()
      assert.is_false(helper.loop_ends(50))
      t:cancel()
    end))
  end)
end
