-- A slow consumer slows the server, and nobody else: what waits in memory is bounded.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local uv = helper.uv
local nginx, nghttpd, certs = servers.nginx, servers.nghttpd, servers.certs

local KB, MB = 1024, 1048576

local function runs(name, test, ms)
  it(name, function() helper.run(test, ms) end)
end

-- A test whose limits are times.
local function timed(name, test)
  it(name, helper.timed(function() helper.run(test) end))
end

local function new_session(settings)
  settings = settings or {}
  settings.tls = { ca_file = certs.ca }
  local session = curl.session(settings)
  helper.defer(function() session:close() end)
  return session
end

local SEND_BUFFER = 64 * KB
local BLOCK = ('x'):rep(64 * KB)
local PLENTY = 64 * MB

-- A server that would send 64 MiB and counts what the kernel took from it.
local function counting()
  return fault.serve(function(conn)
    conn:request()
    conn:send('HTTP/1.1 200 OK\r\nContent-Length: ' .. PLENTY .. '\r\n\r\n')
    conn:flood(BLOCK, PLENTY)
    conn:stall()
  end, { send_buffer = SEND_BUFFER })
end

-- The most that may have left the server while nobody reads:
--   high_water          in the transfer's inbox: libcurl is paused by the write that would pass it
--   2 × receive buffer  (128 KiB each while few transfers run): the piece that filled the inbox may
--                       pass the mark, and a further one is held by libcurl while it is paused
--   the client's socket up to the most that the kernel lets a receive buffer grow to
--   the server's socket twice SO_SNDBUF, as Linux counts it
local function bound(high_water)
  local receive = process.read_file('/proc/sys/net/ipv4/tcp_rmem'):match('(%d+)%s*$')
  return high_water + 2 * 128 * KB + tonumber(receive) + 2 * SEND_BUFFER
end

-- Yields until the server can send no more.
local function until_still(server)
  local before
  repeat
    before = server:sent()
    helper.sleep(150)
  until before > 0 and before == server:sent()
  return before
end

local function read_all(res)
  local size = 0
  while true do
    local chunk, err = res:read()
    if not chunk then
      return size, err
    end
    size = size + #chunk
  end
end

describe('a consumer that does not read', function()
  for _, high_water in ipairs { 64 * KB, MB, 4 * MB } do
    runs(('stops the server: high_water %d'):format(high_water), function()
      local server = counting()
      local res = assert(curl.stream(server.url, { high_water = high_water }))
      local sent = until_still(server)
      assert.is_true(sent <= bound(high_water),
        ('%d bytes sent, %d allowed'):format(sent, bound(high_water)))
      assert.is_true(sent >= high_water)
      -- what waits in the transfer itself is known exactly: one take gives all of it
      local waiting = #res.transfer:take(PLENTY)
      assert.is_true(waiting >= high_water and waiting < high_water + 128 * KB,
        waiting .. ' bytes waited')
      -- and it goes on
      local size, err = read_all(res)
      assert.same({ PLENTY - waiting }, { size, err })
      assert.equal(PLENTY, server:sent() - #('HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n'))
    end)
  end

  runs('stops the server by default at 1 MiB', function()
    local server = counting()
    local res = assert(curl.stream(server.url))
    until_still(server)
    local waiting = #res.transfer:take(PLENTY)
    assert.is_true(waiting >= MB and waiting < MB + 128 * KB, waiting .. ' bytes waited')
    res:close()
  end)

  runs('stops the server by pause too', function()
    local server = counting()
    local size = 0
    local t = curl.get(server.url, { on_data = function(chunk) size = size + #chunk end },
      helper.expect(1, function(err) assert.equal('ABORTED_BY_CALLBACK', err.name) end))
    helper.wait_for(function() return size > 0 end)
    t:pause()
    local before = size
    local sent = until_still(server)
    assert.equal(before, size)
    assert.is_true(sent <= bound(size), sent .. ' bytes sent')
    t:cancel()
  end)

  timed('leaves the loop idle', function()
    local res = assert(curl.stream(counting().url))
    helper.sleep(300)
    local before = uv.getrusage().utime
    helper.sleep(500)
    local after = uv.getrusage().utime
    local spent = (after.sec - before.sec) * 1000 + (after.usec - before.usec) / 1000
    assert.is_true(spent < 100, spent .. ' ms of CPU while nothing happened')
    res:close()
  end)
end)

describe('HTTP/2', function()
  runs('pausing a stream does not stop the others on its connection', function()
    local session = new_session()
    local held = assert(session.stream(nginx.tls_url .. '/10m', { high_water = 64 * KB }))
    assert.equal('2', held.http_version)
    assert.is_string(held:read(1))
    local expected = process.read_file(nginx.root .. '/1m')
    for _ = 1, 20 do
      local res = assert(session.get(nginx.tls_url .. '/1m'))
      assert.equal(held.headers['x-connection'], res.headers['x-connection'])
      assert.is_true(res.body == expected)
    end
    assert.equal('running', held.transfer:state())
    assert.is_true(held:text() == process.read_file(nginx.root .. '/10m'):sub(2))
    assert.equal(1, session.multi:stats().opened)
  end)

  for name, url in pairs { nginx = nginx.tls_url, nghttpd = nghttpd.url } do
    runs('goes on after every pause, alone on its connection: ' .. name, function()
      local session = new_session()
      local expected = process.read_file(nginx.root .. '/1m')
      local res = assert(session.stream(url .. '/1m', { high_water = 16 * KB }))
      local at = 1
      while at <= #expected do
        local block = assert(res:read(96 * KB))
        assert.is_true(block == expected:sub(at, at + #block - 1))
        at = at + #block
        helper.sleep(10) -- the inbox fills, libcurl is paused, the window closes
      end
      assert.is_nil(res:read())
    end)

    runs('goes on after pause and resume by hand: ' .. name, function()
      local session, done, failure = new_session(), 0, nil
      for i = 1, 5 do
        local size, t = 0, nil
        t = session.get(url .. '/1m', { on_data = function(chunk)
          local before = size
          size = size + #chunk
          if math.floor(before / (200 * KB)) ~= math.floor(size / (200 * KB)) then
            t:pause()
            local timer = uv.new_timer()
            timer:start(5 * i, 0, function()
              timer:close()
              t:resume()
            end)
          end
        end }, helper.expect(1, function(err)
          done = done + 1
          failure = failure or err or (size ~= MB and size .. ' bytes') or nil
        end))
      end
      helper.wait_for(function() return done == 5 end)
      assert.is_nil(failure)
      assert.equal(1, session.multi:stats().opened)
    end)
  end
end)

describe('a hundred streams at once, each at its own pace,', function()
  for name, base in pairs { ['over HTTP/1'] = nginx.url, ['over one HTTP/2 connection'] =
    nginx.tls_url } do
    runs('get what is theirs ' .. name, function()
      local session = new_session()
      local expected = process.read_file(nginx.root .. '/1m')
      local finished, wrong = {}, {}
      for i = 1, 100 do
        helper.resume(coroutine.create(function()
          local res = assert(session.stream(base .. '/1m', { high_water = 64 * KB }))
          local at = 1
          while true do
            local block, err = res:read(128 * KB)
            if not block then
              wrong[#wrong + 1] = err or at ~= MB + 1 and 'too short' or nil
              break
            elseif block ~= expected:sub(at, at + #block - 1) then
              wrong[#wrong + 1] = ('stream %d differs after %d bytes'):format(i, at)
            end
            at = at + #block
            helper.sleep(i % 10)
            while i > 90 and #finished < 90 do -- the slow ones hold up none but themselves
              helper.sleep(50)
            end
          end
          finished[#finished + 1] = i
        end))
      end
      helper.wait_for(function() return #finished == 100 end)
      assert.same({}, wrong)
      local opened = session.multi:stats().opened
      assert.equal(base == nginx.url and 100 or 1, opened)
    end, 20000)
  end
end)
