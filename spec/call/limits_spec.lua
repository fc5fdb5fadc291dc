-- How many connections a Multi opens. Counted by the kernel's table of this process' connections:
-- a server would see a new one before it sees the end of an old one.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local uv = helper.uv

-- Connections to each of the ports, as the client has them, established (01) or about to be (02).
-- The table may tell of one twice when it changes while it is read.
local function connections_to(ports)
  local counts, all, seen = {}, 0, {}
  local table_of_all = process.read_file('/proc/self/net/tcp')
  for ends, port in table_of_all:gmatch(' (%x+:%x+ %x+:(%x+)) 0[12] ') do
    port = tonumber(port, 16)
    if ports[port] and not seen[ends] then
      seen[ends] = true
      counts[port] = (counts[port] or 0) + 1
      all = all + 1
    end
  end
  return counts, all
end

-- Answers each request after a while, by what `answer()` returns when it arrives; while there is a
-- list `held`, not before the coroutine in it is resumed.
local function slow_server(answer, gate)
  return fault.serve(function(conn)
    while conn:request() do
      if gate and gate.held then
        gate.held[#gate.held + 1] = coroutine.running()
        coroutine.yield()
      end
      local response = answer and answer() or fault.response { body = 'ok' }
      conn:sleep(10)
      if not conn:send(response) then
        return
      end
    end
  end)
end

-- How long the servers wait for as many connections as may be, and the test for its end, in ms.
local PATIENCE, DEADLINE = 20000, 60000

-- Sends `requests` to each of `hosts` servers, and returns the most connections that there were to
-- one, and in all. The servers do not answer until there have been `enough`.
local function most_connections(settings, hosts, requests, enough, answer)
  local list, ports = {}, {}
  local most_to_one, most_in_all = 0, 0
  local gate = { held = {} }
  local deadline = uv.now() + PATIENCE
  local function open_gate()
    local held = gate.held
    gate.held = nil
    for _, co in ipairs(held) do
      helper.resume(co)
    end
  end
  for i = 1, hosts do
    list[i] = slow_server(answer and function() return answer(list, i) end, gate)
    ports[list[i].port] = true
  end
  local m = curl.Multi:new(settings)
  for _ = 1, requests do
    for _, server in ipairs(list) do
      m:add(server.url, helper.expect(1, function(err) assert.is_nil(err) end))
    end
  end
  -- The table has what all processes of the machine have left: reading it may take long, and the
  -- transfers need their time too.
  local next_look = 0
  local function look()
    local began = uv.hrtime()
    if began < next_look then
      return
    end
    local counts, all = connections_to(ports)
    most_in_all = math.max(most_in_all, all)
    for _, count in pairs(counts) do
      most_to_one = math.max(most_to_one, count)
    end
    local ended = uv.hrtime()
    next_look = ended + (ended - began)
  end
  helper.run(function()
    helper.wait_for(function()
      look()
      if gate.held and (most_in_all >= enough or uv.now() > deadline) then
        open_gate()
      end
      return m:count() == 0
    end, DEADLINE)
  end, DEADLINE)
  return most_to_one, most_in_all, m:stats()
end

describe('the limit', function()
  it('max_connections is exact for a few', function()
    local _, all = most_connections({ max_connections = 3 }, 2, 12, 3)
    assert.equal(3, all)
  end)

  it('max_connections is exact over several lanes', function()
    local _, all, stats = most_connections({ max_connections = 150 }, 4, 150, 150)
    assert.equal(150, all)
    assert.equal(3, stats.lanes)
  end)

  it('max_host_connections is exact for each host', function()
    local one, all = most_connections({ max_host_connections = 2 }, 3, 20, 6)
    assert.same({ 2, 6 }, { one, all })
  end)

  it('max_host_connections is exact beyond what a lane would carry', function()
    local one, all = most_connections({ max_host_connections = 100 }, 2, 250, 200)
    assert.same({ 100, 200 }, { one, all })
  end)

  it('max_connections and max_host_connections are exact together, and both used up', function()
    local settings = { max_connections = 150, max_host_connections = 40 }
    local one, all = most_connections(settings, 5, 200, 150)
    assert.is_true(one <= 40, one)
    assert.equal(150, all)
    one, all = most_connections(settings, 2, 200, 80)
    assert.same({ 40, 80 }, { one, all })
  end)

  it('max_host_connections holds for a server that others redirect to', function()
    local one = most_connections({ max_host_connections = 30 }, 4, 100, 120, function(list, i)
      return i == 1 and fault.response { body = 'ok' }
        or fault.response { status = 302, headers = { 'Location: ' .. list[1].url .. '/' } }
    end)
    assert.equal(30, one)
  end)

  it('max_connections lets every server have its turn', function()
    local done, had = 0, {} -- of the many requests, and how many of them when a rare one arrived
    local server = slow_server(function()
      had[#had + 1] = done
      return fault.response { body = 'ok' }
    end)
    -- fast: where callbacks come later, what was counted by them comes later than it ended.
    local m = curl.Multi:new { max_connections = 3, fast = true }
    local url, tls = servers.nginx.tls_http1_url .. '/small', { ca_file = servers.certs.ca }
    for _ = 1, 200 do
      m:add({ url = url, tls = tls }, helper.expect(1, function(err)
        assert.is_nil(err)
        done = done + 1
      end))
    end
    for _ = 1, 5 do
      m:add(server.url, helper.expect(1, function(err) assert.is_nil(err) end))
    end
    helper.run(function() end)
    assert.same({ 200, 5 }, { done, #had })
    -- By turns: before the fifth of the rare ones, five or six of the many began, more where the
    -- machine is slow to accept; without turns nearly all of them have ended.
    assert.is_true(had[5] < 150, had[5])
  end)

  it('max_host_connections holds for a server that might have spoken HTTP/2', function()
    local https = servers.nginx.tls_http1_url
    local m = curl.Multi:new { max_host_connections = 3 }
    for _ = 1, 60 do
      m:add({ url = https .. '/small', tls = { ca_file = servers.certs.ca } },
        helper.expect(1, function(err) assert.is_nil(err) end))
    end
    helper.run(function()
      helper.wait_for(function() return m:count() == 0 end)
    end)
    assert.is_true(m:stats().opened <= 3, m:stats().opened)
  end)

  it('keeps the order of a host', function()
    local server = slow_server()
    local m = curl.Multi:new { max_host_connections = 1 }
    local order = {}
    for i = 1, 20 do
      m:add(server.url .. '/' .. i, helper.expect(1, function() order[#order + 1] = i end))
    end
    helper.run(function() end)
    for i = 1, 20 do
      assert.equal(i, order[i])
    end
  end)

  it('forgets who was cancelled while waiting', function()
    local server = slow_server()
    local m = curl.Multi:new { max_concurrent = 1 }
    local waiting = {}
    for _ = 1, 5000 do
      waiting[#waiting + 1] = m:add(server.url, helper.expect(1, function(err)
        assert.equal('ABORTED_BY_CALLBACK', err.name)
      end))
    end
    m:add(server.url, helper.expect(1, function(err) assert.is_nil(err) end))
    assert.equal(5001, m:stats().queued)
    for i = 1, #waiting do
      waiting[i]:cancel()
    end
    assert.equal(1, m:stats().queued)
    helper.run(function() end)
  end)
end)
