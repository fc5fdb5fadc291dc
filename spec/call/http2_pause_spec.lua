-- Streams of one HTTP/2 connection that are paused and let go at random: COMPAT libcurl 7.88 can
-- leave one that was let go without an event to go on by (curl#11005).

-- It takes long, and what is tried is beneath Lua: so in LuaJIT, in Neovim, and in the Lua of the
-- leak checker.
if not ({ luajit = true, nvim = true })[os.getenv('LUVCURL_HOST')]
  and not os.getenv('LUVCURL_ASAN') then
  return
end

local curl = require 'luvcurl'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local STREAMS = 16
local tls = { ca_file = servers.certs.ca }
local function served(name)
  return process.read_file(servers.nginx.root .. '/' .. name)
end

-- Numbers that are the same in each run.
local function dice(seed)
  return function(sides)
    seed = (seed * 16807) % 2147483647
    return seed % sides
  end
end

-- Starts the streams; `control(t, i)` is called for one after the other every millisecond or so.
local function shaken(base, name, control)
  local url, bytes = base .. '/' .. name, served(name)
  local multi = curl.Multi:new()
  local got, left, transfers = {}, STREAMS, {}
  for i = 1, STREAMS do
    got[i] = { size = 0, wrong = false }
    transfers[i] = multi:add({ url = url, tls = tls, high_water = 65536,
      on_data = function(chunk)
        local one = got[i]
        one.wrong = one.wrong or chunk ~= bytes:sub(one.size + 1, one.size + #chunk)
        one.size = one.size + #chunk
      end,
    }, helper.expect(1, function(err, res)
      assert.is_nil(err)
      assert.equal('2', res.http_version)
      left = left - 1
    end))
  end
  local turn = 0
  while left > 0 do
    helper.sleep(1)
    turn = turn + 1
    control(transfers[turn % STREAMS + 1], turn)
  end
  for i = 1, STREAMS do
    assert.same({ #bytes, false }, { got[i].size, got[i].wrong })
  end
  local stats = multi:stats()
  assert.equal(1, stats.opened, 'connections')
  multi:close()
end

for name, base in pairs { nginx = servers.nginx.tls_url, nghttpd = servers.nghttpd.url } do
  describe('HTTP/2 streams from ' .. name, function()
    for seed = 1, 2 do
      it('arrive whole, paused and let go at random: ' .. seed, function()
        helper.run(function()
          local random = dice(seed)
          shaken(base, '10m', function(t)
            if t:state() == 'paused' or random(3) > 0 then
              t:resume()
            else
              t:pause()
            end
          end)
        end, 60000)
      end)
    end

    -- curl#10988: more than the connection's window is in flight when the first ones are paused.
    it('go on after their neighbours were cancelled', function()
      helper.run(function()
        local multi, MB = curl.Multi:new(), 2 ^ 20
        local function start(most)
          local one = { size = 0, stop = most }
          one.t = multi:add({ url = base .. '/1g', tls = tls, on_data = function(chunk)
            one.size = one.size + #chunk
            if one.size >= one.stop then
              one.stop = one.size + MB
              one.t:pause()
            end
          end }, helper.expect(1, function(err)
            assert.equal('the transfer was cancelled', err.message)
          end))
          return one
        end
        local function all(list, size)
          helper.wait_for(function()
            local least = math.huge
            for _, one in ipairs(list) do
              least = math.min(least, one.size)
            end
            return least >= size
          end, 20000)
        end
        local held, others = {}, {}
        for i = 1, 5 do held[i] = start(16 * MB) end
        all(held, 16 * MB)
        for i = 1, 5 do others[i] = start(math.huge) end
        all(others, 8 * MB)
        for i = 1, 5 do others[i].t:cancel() end
        for i = 1, 5 do
          local one = held[i]
          assert.equal('paused', one.t:state())
          one.timer = helper.uv.new_timer() -- it stops after each MiB, and is let go again
          one.timer:start(1, 1, function() one.t:resume() end)
        end
        all(held, 24 * MB)
        for i = 1, 5 do
          held[i].timer:close()
          held[i].t:cancel()
        end
      end, 60000)
    end)

    -- The end of a stream may be there already when it is let go.
    it('arrive whole after a long pause', function()
      helper.run(function()
        shaken(base, '1m', function(t, turn)
          if turn <= STREAMS then
            t:pause()
          elseif turn > 300 then
            t:resume()
          end
        end)
      end, 60000)
    end)
  end)
end
