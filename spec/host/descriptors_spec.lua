-- What happens where the process may open little: nothing that has to wait fails, and what cannot
-- be had is named.

local child = require 'spec.support.child'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'

local PREFIX = [[
local uv = package.loaded.luv or package.loaded.uv or vim and vim.loop or require 'luv'
local curl = require 'luvcurl'
local function wait(done)
  if vim then
    vim.wait(50000, done, 5)
  else
    while not done() do uv.run('once') end
  end
end
local function print(...)
  io.stdout:write(table.concat({ ... }, '\t'), '\n')
  io.stdout:flush()
end
local fds = {}
local function take(leave)
  local fd = uv.fs_open('/dev/null', 'r', 0)
  while fd do
    fds[#fds + 1] = fd
    fd = uv.fs_open('/dev/null', 'r', 0)
  end
  for _ = 1, leave do uv.fs_close(table.remove(fds)) end
end
local function give()
  while fds[1] do uv.fs_close(table.remove(fds)) end
end
local function burst(make, count, ended)
  local failed, seen, left = 0, {}, count
  for i = 1, count do
    make(i, function(err)
      left = left - 1
      if err then
        failed, seen[tostring(err)] = failed + 1, true
      end
      if left == 0 and ended then ended() end
    end)
  end
  wait(function() return left == 0 end)
  local texts = {}
  for text in pairs(seen) do texts[#texts + 1] = text end
  print(failed .. ' failed ' .. table.concat(texts, '; '))
end
]]

local function limited(limit, script, args, options)
  options = options or {}
  options.args = args
  options.wrap = { 'prlimit', '--nofile=' .. limit .. ':' .. limit }
  return child.run(PREFIX .. script, options)
end

-- Answers each request, keeps the connections; nobody before as many as `together` are there, and
-- a moment for more to come has passed.
local function server(together)
  local held, opened = {}, not together
  return fault.serve(function(conn)
    while conn:request() do
      if not opened then
        held[#held + 1] = coroutine.running()
        if #held == together then
          conn:sleep(500)
          opened = true
          for _, co in ipairs(held) do
            if co ~= coroutine.running() then helper.resume(co) end
          end
        else
          coroutine.yield()
        end
      end
      if not conn:send(fault.response { body = 'ok' }) then return end
    end
  end)
end

local function succeeds(result, out)
  assert.same({ 0, 0, '' }, { result.code, result.signal, result.err })
  assert.equal(out, result.out)
end

-- UndefinedBehaviorSanitizer needs a descriptor to look whether memory can be read, and takes an
-- object for none where there is none left: what comes to that is tried without it.
local function none_left(name, test)
  if not os.getenv('LUVCURL_ASAN') then
    it(name, test)
  end
end

local function run(test)
  return function()
    process.find('prlimit', 'util-linux')
    helper.run(test, child.DEADLINE)
  end
end

describe('with few descriptors', function()
  it('2000 requests at once all succeed', run(function()
    for _, name in ipairs { '127.0.0.1', 'localhost' } do
      local url = server(700).url
      succeeds(limited(1024, [[
        burst(function(_, ended) curl.get(arg[1], ended) end, 2000)
      ]], { (url:gsub('127%.0%.0%.1', name)) }), '0 failed \n')
    end
  end))

  it('several Multis share what there is', run(function()
    succeeds(limited(256, [[
      local list = {}
      for i = 1, 5 do list[i] = curl.Multi:new() end
      burst(function(i, ended) list[i % 5 + 1]:add(arg[1], ended) end, 1000)
    ]], { server().url }), '0 failed \n')
  end))

  it('idle connections of one burst keep nobody from connecting', run(function()
    local args = {}
    for i = 1, 60 do args[i] = server().url end
    -- a lane that is never empty, too: one request stays in flight
    args[61] = fault.silent().url
    succeeds(limited(64, [[
      local silent = table.remove(arg)
      local m = curl.Multi:new()
      local held = m:add(silent, function() end)
      for round = 1, 3 do
        burst(function(i, ended) m:add(arg[round * 20 - 20 + i], ended) end, 20)
      end
      held:cancel()
      wait(function() return m:count() == 0 end)
    ]], args), ('0 failed \n'):rep(3))
  end))

  it('settings of the user\'s go before the share', run(function()
    local silent = fault.silent()
    local result = limited(64, [[
      local function most(settings)
        local m = curl.Multi:new(settings)
        for _ = 1, 40 do m:add(arg[1], function() end) end
        local timer, due = uv.new_timer(), false
        timer:start(300, 0, function() due = true; timer:close() end)
        wait(function() return due end)
        local count = m:stats().in_flight
        m:close()
        wait(function() return m:count() == 0 end)
        return count
      end
      print(most(), most { max_concurrent = 30 }, tostring(most { max_concurrent = 0 } > 30))
    ]], { silent.url })
    succeeds(result, '24\t30\ttrue\n')
  end))

  none_left('a request that finds none waits for those in flight', run(function()
    succeeds(limited(64, [[
      local m = curl.Multi:new { max_concurrent = 0 }
      take(9)
      burst(function(_, ended) m:add(arg[1], ended) end, 60)
      give()
    ]], { server().url }), '0 failed \n')
  end))

  none_left('gives up idle connections, whosever they are, when there are no others', run(function()
    local one, other = server(), server()
    succeeds(limited(64, [[
      local m, n = curl.Multi:new(), curl.Multi:new()
      burst(function(_, ended) m:add(arg[1], ended) end, 10)
      burst(function(_, ended) n:add(arg[1], ended) end, 1)
      take(0)
      burst(function(_, ended) n:add(arg[2], ended) end, 1)
      give()
    ]], { one.url, other.url }), ('0 failed \n'):rep(3))
  end))

  none_left('names the reason where there are none', run(function()
    local result = limited(64, [[
      curl.get(arg[1])
      take(0)
      local function fails(url)
        local before = uv.hrtime()
        local err
        curl.get(url, function(why) err = why end)
        wait(function() return err end)
        print(err.name, err.os_errno, err.code, tostring(err):match('^EMFILE: Too many open files'),
          tostring((uv.hrtime() - before) / 1e6 < 5000))
      end
      fails(arg[1])
      fails(arg[2])
      give()
    ]], { fault.refused(), 'http://some.name.invalid/' })
    succeeds(result, ('EMFILE\t24\t%d\tEMFILE: Too many open files\ttrue\n'):rep(2):format(7, 6))
  end))

  none_left('files make room for themselves, too', run(function()
    local s = server()
    local dir = process.temp_dir('descriptors')
    helper.defer(function() process.remove_tree(dir) end)
    succeeds(limited(64, [[
      local url, dir = arg[1], arg[2]
      burst(function(_, ended) curl.get(url, ended) end, 8)
      take(1) -- for the connection that the request keeps
      burst(function(_, ended) curl.download(url, dir .. '/file', ended) end, 1)
      burst(function(_, ended) curl.get(url, ended) end, 8)
      take(1)
      burst(function(_, ended)
        curl.session().post(url, { body = { file = dir .. '/file' } }, ended)
      end, 1)
      give()
    ]], { s.url, dir }), ('0 failed \n'):rep(4))
  end))
end)
