-- The request field on_progress: what it tells, and how often.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local uv, nginx = helper.uv, servers.nginx

local function runs(name, test)
  it(name, function() helper.run(test, 20000) end)
end

local FIELDS = { 'down', 'down_total', 'up', 'up_total', 'speed' }

-- Remembers each report and when it came.
local function recorder()
  local seen = {}
  return seen, function(progress)
    for _, name in ipairs(FIELDS) do
      assert.equal('number', type(progress[name]), name)
    end
    progress.at = uv.hrtime() / 1e6
    seen[#seen + 1] = progress
  end
end

local function assert_paced(seen, least)
  assert.is_true(#seen >= least, #seen .. ' reports')
  for i = 2, #seen - 1 do -- the last one tells of the end, whenever that is
    local gap = seen[i + 1].at - seen[i].at
    assert.is_true(i + 1 == #seen or gap > 80, ('%.0f ms between two reports'):format(gap))
  end
end

describe('on_progress', function()
  runs('tells of the way down ten times a second at most', function()
    local seen, hook = recorder()
    local server = fault.serve(function(conn)
      conn:request()
      conn:dribble(fault.response { body = ('x'):rep(2 ^ 20) }, 32768, 30) -- 1 MB a second
    end)
    local began = uv.hrtime()
    assert(curl.get(server.url, { on_progress = hook }))
    local seconds = (uv.hrtime() - began) / 1e9
    assert_paced(seen, 3)
    assert.is_true(#seen <= seconds * 10 + 2, #seen .. ' reports')
    local last = seen[#seen]
    assert.same({ 2 ^ 20, 2 ^ 20, 0, 0 }, { last.down, last.down_total, last.up, last.up_total })
    local middle = seen[math.ceil(#seen / 2)]
    assert.is_true(middle.down > 0 and middle.down < 2 ^ 20)
    assert.is_true(middle.speed > 200000 and middle.speed < 5e6, middle.speed .. ' bytes/s')
    assert.is_true(middle.eta > 0 and middle.eta < 5000, tostring(middle.eta))
  end)

  runs('tells of the way up likewise', function()
    local server = fault.serve(function(conn)
      local request = conn:head()
      local left = tonumber(request.headers['content-length'])
      while left > 0 do
        left = left - #conn:read_bytes(math.min(left, 2 ^ 20))
        conn:sleep(40)
      end
      conn:send(fault.response {})
    end, { receive_buffer = 65536 })
    local seen, hook = recorder()
    local size = 16 * 2 ^ 20
    assert(curl.put(server.url, { body = ('x'):rep(size), expect = false, on_progress = hook }))
    assert_paced(seen, 3)
    local last = seen[#seen]
    assert.same({ size, size, 0 }, { last.up, last.up_total, last.down })
  end)

  runs('counts from when it was told last, not from when it should have been', function()
    local server = fault.serve(function(conn)
      conn:request()
      conn:dribble(fault.response { body = ('x'):rep(800) }, 100, 105)
    end)
    local seen, hook = recorder()
    local pieces = 0
    assert(curl.get(server.url, {
      on_data = function()
        pieces = pieces + 1
        if pieces % 2 == 1 then -- holds the loop up, and with it the report of this piece
          helper.compute(60)
        end
      end,
      on_progress = hook,
    }))
    assert_paced(seen, 3)
  end)

  runs('counts from the end of a report that took its time', function()
    local server = fault.serve(function(conn)
      conn:request()
      conn:dribble(fault.response { body = ('x'):rep(1200) }, 25, 20)
    end)
    local seen, record = recorder()
    assert(curl.get(server.url, {
      on_progress = function(progress)
        if #seen % 2 == 0 then
          helper.compute(60)
        end
        record(progress)
      end,
    }))
    assert_paced(seen, 4)
  end)

  runs('knows no total where there is none, and no eta', function()
    local server = fault.serve(function(conn)
      conn:request()
      conn:send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      for _ = 1, 4 do
        conn:send(fault.chunk(('x'):rep(1000)))
        conn:sleep(60)
      end
      conn:send('0\r\n\r\n')
    end)
    local seen, hook = recorder()
    assert(curl.get(server.url, { on_progress = hook }))
    assert.same({ 4000, 0 }, { seen[#seen].down, seen[#seen].down_total })
    for _, progress in ipairs(seen) do
      assert.is_nil(progress.eta)
    end
  end)

  runs('that raises fails the transfer', function()
    local res, err = curl.get(nginx.url .. '/1m', { on_progress = function() error('enough') end })
    assert.is_nil(res)
    assert.equal('ABORTED_BY_CALLBACK', err.name)
    assert.matches('enough', err.message)
    assert.matches('on_progress_spec.lua:%d+', err.message)
  end)
end)
