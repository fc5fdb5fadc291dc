-- curl.shutdown: everything ends with its one final callback, what can be closed is closed, and the
-- next call begins anew.

local curl = require 'luvcurl'
local child = require 'spec.support.child'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local uv = helper.uv
local nginx = servers.nginx

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

-- The handles that only luvcurl makes here.
local function ours()
  local list = {}
  if not helper.nvim then -- whose uv.walk aborts
    uv.walk(function(handle)
      local name = tostring(handle)
      if (name:find('poll') or name:find('prepare')) and not handle:is_closing() then
        list[#list + 1] = handle
      end
    end)
  end
  return list
end

-- Headers and a little of a body, and then nothing.
local function stalling()
  return fault.serve(function(conn)
    conn:request()
    conn:send('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome')
    conn:stall()
  end)
end

describe('curl.shutdown', function()
  runs('ends every transfer of every Multi by a name of its own, then calls back', function()
    local silent, half = fault.silent(), stalling()
    local told = 0
    local function ends(err, res)
      told = told + 1
      assert.is_nil(res)
      assert.equal('SHUT_DOWN', err.name)
      assert.equal('SHUT_DOWN: curl.shutdown was called', tostring(err))
    end
    local multi = curl.Multi:new { max_concurrent = 2 }
    local session = curl.session {}
    for _ = 1, 5 do
      multi:add(silent.url, helper.expect(1, ends))
      session.get(half.url, helper.expect(1, ends))
      curl.get(silent.url, helper.expect(1, ends))
    end
    curl.put(silent.url, { body = { file = nginx.root .. '/1m' } }, helper.expect(1, ends))
    curl.get(silent.url, helper.expect(1, ends)):unref()
    curl.get(silent.url, helper.expect(1, ends)):pause()
    helper.sleep(50)
    assert.is_nil(curl.shutdown(helper.expect(1, function()
      assert.equal(18, told)
      assert.equal(0, multi:count())
    end)))
    assert.equal(0, told) -- later, never inside
    helper.wait_for(function() return told == 18 end)
    helper.sleep(20)
    assert.equal(200, assert(curl.get(nginx.url .. '/1b')).status)
    multi:add(nginx.url .. '/1b', helper.expect(1, function(err) assert.is_nil(err) end))
    assert.equal(200, assert(session.get(nginx.url .. '/1b')).status)
  end)

  runs('waits in a coroutine, closes connections and handles, and may come twice', function()
    for _ = 1, 3 do
      for _ = 1, 2 do
        assert.equal(200, assert(curl.get(nginx.url .. '/1b')).status)
      end
      curl.shutdown()
      assert.equal(0, #ours())
    end
    curl.shutdown()
    curl.shutdown(helper.expect(1))
    curl.shutdown(helper.expect(1))
    curl.shutdown()
    assert.equal(0, #ours())
  end)

  it('waits in the main chunk', function()
    local err
    curl.get(fault.silent().url, helper.expect(1, function(e) err = e end))
    curl.shutdown()
    assert.equal('SHUT_DOWN', err.name)
    assert.equal(0, #ours())
    assert.equal(200, assert(curl.get(nginx.url .. '/1b')).status)
  end)

  runs('may be called in what it ends, where what is begun then goes on', function()
    local silent = fault.silent()
    curl.get(silent.url, helper.expect(1, function(err)
      assert.equal('SHUT_DOWN', err.name)
      curl.shutdown()
      curl.shutdown(helper.expect(1))
      curl.get(nginx.url .. '/1b', helper.expect(1, function(_, res)
        assert.equal(200, res and res.status)
      end))
    end))
    curl.get(nginx.url .. '/1b', { on_response = function() curl.shutdown() end },
      helper.expect(1, function(err) assert.equal('SHUT_DOWN', err and err.name) end))
    helper.sleep(200)
    curl.shutdown()
  end)

  runs('ends who waits in a coroutine, without a word where that is what it dies of', function()
    local res = assert(curl.stream(stalling().url))
    assert.equal('some', res:read())
    local reached
    coroutine.wrap(function()
      local _, why = res:read()
      reached = true
      error(why, 0)
    end)()
    local err
    coroutine.wrap(function() err = select(2, curl.get(fault.silent().url)) end)()
    helper.sleep(20)
    curl.shutdown()
    assert.is_true(reached)
    assert.equal('SHUT_DOWN', err.name)
  end)

  runs('ends events that wait for their reconnection', function()
    local server = fault.serve(fault.response {
      headers = { 'Content-Type: text/event-stream' }, body = 'data: 1\n\n' })
    local res = assert(curl.stream(server.url))
    local ended, err
    coroutine.wrap(function()
      local next_event = res:events { reconnect = true, retry = 60000 }
      next_event()
      ended, err = pcall(next_event)
      ended = not ended
    end)()
    helper.sleep(50)
    curl.shutdown()
    if helper.host ~= 'lua5.1' then -- which cannot yield in pcall
      assert.is_true(ended)
      assert.equal('SHUT_DOWN', err.name)
    end
    assert.equal(1, server.connections)
  end)

  runs('ends downloads, and waits until their files are closed', function()
    local dir = folder.new()
    local ended = false
    curl.download(stalling().url, dir:at('file'), helper.expect(1, function(err)
      ended = true
      assert.equal('SHUT_DOWN', err and err.name)
    end))
    helper.sleep(50)
    curl.shutdown()
    assert.is_true(ended)
    local left = assert(uv.fs_scandir(dir:at('')))
    assert.is_nil(uv.fs_scandir_next(left))
    curl.download(nginx.url .. '/1m', dir:at('other'), helper.expect(1, function(err)
      assert.equal('SHUT_DOWN', err and err.name)
    end))
    curl.shutdown() -- before it has a request
  end)

  runs('does not wait for a server that does not answer a good-bye', function()
    local ANSWERS = { USER = '331 who', PASS = '230 in', PWD = '257 "/"', TYPE = '200 fine' }
    local said = {}
    local server = fault.serve(function(conn)
      conn:send('220 hello\r\n')
      local line = conn:read()
      while line do
        local word = line:match('^%u+')
        said[word] = true
        if word ~= 'QUIT' then
          conn:send((ANSWERS[word] or '250 fine') .. '\r\n')
        end
        line = conn:read()
      end
    end)
    for _, ending in ipairs { 'shutdown', 'close' } do
      local multi, told = curl.Multi:new(), false
      multi:add({ url = server.url:gsub('^http', 'ftp') .. '/', method = 'HEAD',
        options = { protocols_str = 'ftp' } }, helper.expect(1, function(err)
        told = true
        assert.is_nil(err)
      end))
      helper.wait_for(function() return told end)
      said.QUIT = nil
      local began = uv.hrtime()
      if ending == 'shutdown' then
        curl.shutdown()
      else
        multi:close()
        multi = nil -- luacheck: ignore 311
        helper.collect()
      end
      assert.is_true(uv.hrtime() - began < 5e9)
      helper.wait_for(function() return said.QUIT end)
    end
  end)

  runs('refuses what is no callback', function()
    local ok, message = pcall(curl.shutdown, 'now')
    assert.is_false(ok)
    assert.matches('callback: expected a function, got string', message)
  end)

  if not helper.nvim then
    runs('leaves a poll whose number the loop watches for somebody else', function()
      local server = fault.serve(fault.response { headers = { 'Connection: close' } })
      for _ = 1, 8 do
        curl.get(server.url, helper.expect(1))
      end
      helper.wait_for(function()
        return #server.list == 8 and next(server.open) == nil
      end)
      helper.sleep(20)
      local numbers = {}
      for _, handle in ipairs(ours()) do
        if tostring(handle):find('poll') then
          numbers[uv.fileno(handle)] = true
        end
      end
      assert.is_truthy(next(numbers))
      -- A stranger gets one of them.
      local listener, strangers = uv.new_pipe(false), {}
      local path = folder.new():at('socket')
      assert(listener:bind(path))
      assert(listener:listen(32, function()
        local accepted = uv.new_pipe(false)
        assert(listener:accept(accepted))
        strangers[#strangers + 1] = accepted
      end))
      local got, met = 0, false
      for _ = 1, 8 do
        local near = uv.new_pipe(false)
        near:connect(path)
        helper.sleep(5)
        met = met or numbers[uv.fileno(near)]
        near:read_start(function(_, data) got = got + #(data or '') end)
        strangers[#strangers + 1] = near
      end
      assert.is_true(met)
      helper.wait_for(function() return #strangers == 16 end)
      curl.shutdown()
      for _, one in ipairs(strangers) do
        one:write('x')
      end
      helper.wait_for(function() return got == 8 end)
      listener:close()
      for _, one in ipairs(strangers) do
        one:close()
      end
      helper.sleep(20)
      curl.shutdown()
      assert.equal(0, #ours())
    end)

    runs('leaves no handle on the loop, in a script of its own', function()
      local result = child.run([[
        local uv = package.loaded.luv or package.loaded.uv or require 'luv'
        local curl = require 'luvcurl'
        local function count()
          local n = 0
          uv.walk(function() n = n + 1 end)
          return n
        end
        local before = count()
        local function work()
          assert(curl.get(arg[1]))
          assert(curl.download(arg[1], arg[2], { on_progress = curl.progress_bar() }))
          curl.Multi:new():close(function() end)
          curl.get(arg[3], function(err) io.stdout:write(err.name, ' ') end)
          curl.shutdown()
          io.stdout:write(count() - before, '\n')
          assert(curl.get(arg[1]))
          curl.shutdown(function() io.stdout:write('again\n') end)
        end
        work()
        if package.loaded.luv then uv.run() end
      ]], { args = { nginx.url .. '/1b', folder.new():at('file'), fault.silent().url } })
      assert.same({ 0, 'SHUT_DOWN 0\nagain\n' }, { result.code, result.out }, result.err)
    end)
  end
end)
