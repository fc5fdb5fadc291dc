-- Threads: luv's new_thread gives each a Lua state and a loop of its own; each requires luvcurl and
-- works at once with the others. A state ends while others work.

local child = require 'spec.support.child'
local exits = require 'spec.support.exits'
local helper = require 'spec.support.helper'
local luv_threads = require 'spec.support.luv_threads'
local servers = require 'spec.support.servers'

local nginx = servers.nginx

local THREADS = 6

local SCRIPT = [[
local uv = package.loaded.luv or package.loaded.uv or vim and vim.loop or require 'luv'
local count = tonumber(arg[1])

local function work(number, rounds, url, tls, ca, path, cpath)
  package.path, package.cpath = path, cpath
  local uv = package.loaded.luv or package.loaded.uv or require 'luv'
  local curl = require 'luvcurl'
  local told, good = 0, 0
  for round = 1, rounds do
    local m = curl.Multi:new { max_concurrent = 3 }
    for i = 1, 6 do
      local request = i % 3 == 0 and { url = tls, tls = { ca_file = ca } } or { url = url }
      if i == 4 then
        request.body = function() return nil end
      end
      local t = m:add(request, function(err, res)
        told = told + 1
        good = good + ((not err and res.status < 500) and 1 or 0)
      end)
      if i == 5 then
        t:cancel()
        good = good + 1
      end
    end
    uv.run()
    collectgarbage()
  end
  if told ~= rounds * 6 or good ~= told then
    io.stderr:write(('thread %d: %d told, %d good\n'):format(number, told, good))
  end
  io.stdout:write('done\n')
end

local threads = {}
for i = 1, count do
  -- Each lives longer than the one before: states end while others work.
  threads[i] = uv.new_thread(work, i, i * 2, arg[2], arg[3], arg[4], package.path, package.cpath)
end
if arg[5] == 'too' then
  require 'luvcurl' -- while the others do
  work(0, 5, arg[2], arg[3], arg[4], package.path, package.cpath)
end
for _, thread in ipairs(threads) do
  thread:join()
end
]]

-- Threads that make TLS connections, one after the other, for as long as the process lives.
-- COMPAT luv 1.44: the state that loaded luv unloads it at its end, beneath the threads that run
-- it, if they have not come to load luvcurl by then, which keeps it. So this state has luvcurl too.
local TALKING = [[
local uv = package.loaded.luv or package.loaded.uv or require 'luv'
require 'luvcurl'

local function talk(url, ca, path, cpath)
  package.path, package.cpath = path, cpath
  local uv = package.loaded.luv or package.loaded.uv or require 'luv'
  local m = require 'luvcurl'.Multi:new()
  local function again()
    m:add({ url = url, tls = { ca_file = ca },
      options = { fresh_connect = true, forbid_reuse = true } }, function(err)
      if err then
        io.stderr:write(tostring(err), '\n')
      end
      again()
    end)
  end
  for _ = 1, 3 do
    again()
  end
  uv.run()
end

for _ = 1, tonumber(arg[1]) do
  uv.new_thread(talk, arg[2], arg[3], package.path, package.cpath)
end
local ways = {
  ['os.exit'] = function() os.exit(3) end,
  ['os.exit and lua_close'] = function() os.exit(3, true) end,
  ['the end of the script'] = function() end,
}
local function leave()
  io.stdout:write(('%.0f\n'):format(uv.hrtime() / 1e6))
  io.stdout:flush()
  ways[arg[5] ]()
end
uv.update_time()
uv.new_timer():start(tonumber(arg[4]), 0, leave)
if not package.loaded.uv or package.loaded.luv then
  uv.run()
end
]]

-- Ways out, and the status of each. A luvi-like host runs the loop after the script.
local ENDS = { { 'os.exit', 3 }, { 'os.exit and lua_close', 3 }, { 'the end of the script', 0 } }

local function ends_at(ms, way)
  local problem, took = exits.run(TALKING, { tostring(THREADS), nginx.tls_url .. '/small',
    servers.certs.ca, tostring(ms), way[1] }, way[2])
  assert(not problem, problem)
  return took
end

-- Neovim's threads know neither vim nor luv: there is no luv to require in them.
if not helper.nvim then
  describe('threads', function()
    for _, main in ipairs { 'too', 'not' } do
      it(('%d states at work at once, the main one %s'):format(THREADS, main), function()
        helper.run(function()
          if luv_threads.are_broken() then
            return
          end
          local result = child.run(SCRIPT, { args = { tostring(THREADS), nginx.url .. '/small',
            nginx.tls_url .. '/small', servers.certs.ca, main }, ms = 60000 })
          assert.same({ 0, 0, '' }, { result.code, result.signal, result.err })
          assert.equal(('done\n'):rep(THREADS + (main == 'too' and 1 or 0)), result.out)
        end, 60000)
      end)
    end
  end)

  describe('the process ends while threads talk TLS, by', function()
    for _, way in ipairs(ENDS) do
      it(way[1], function()
        helper.run(function()
          if luv_threads.are_broken() then
            return
          end
          local best = math.huge -- a busy machine may hold one up, but not all
          for ms = 60, 240, 20 do
            best = math.min(best, ends_at(ms, way))
          end
          assert.is_true(best < exits.LIMIT, ('took %.0f ms'):format(best))
        end, 60000)
      end)
    end
  end)
end
