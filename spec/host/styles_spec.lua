-- The three styles of a call: callback, coroutine, main chunk; and the place where none fits.

local curl = require 'luvcurl'
local child = require 'spec.support.child'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local uv, nginx = helper.uv, servers.nginx

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

local IN_CALLBACK = 'inside a luv callback pass a callback, or call from a coroutine'

-- Calls fn in a luv callback that is no coroutine.
local function in_callback(fn)
  local timer = uv.new_timer()
  timer:start(1, 0, helper.expect(1, function()
    timer:close()
    fn()
  end))
end

describe('a callback', function()
  runs('is called once, later, with the response', function()
    local returned = false
    local t = curl.get(nginx.url .. '/small', helper.expect(1, function(err, res)
      assert.is_true(returned)
      assert.is_nil(err)
      assert.equal('hello world\n', res.body)
      assert.equal(200, res.status)
    end))
    returned = true
    assert.equal('userdata', type(t))
    assert.truthy(({ queued = true, running = true })[t:state()])
    helper.wait_for(function() return t:state() == 'done' end)
  end)

  runs('is called with the error', function()
    local url = fault.refused()
    curl.get(url, helper.expect(1, function(err, res)
      assert.is_nil(res)
      assert.same({ 'COULDNT_CONNECT', 7, 'connect', url .. '/' },
        { err.name, err.code, err.phase, err.url })
      assert.equal('COULDNT_CONNECT: ' .. err.message, tostring(err))
    end))
  end)

  runs('may start the next request', function()
    curl.get(nginx.url .. '/small', helper.expect(1, function()
      curl.get(nginx.url .. '/1k', helper.expect(1, function(_, res)
        assert.equal(1024, #res.body)
      end))
    end))
  end)

  runs('works inside a luv callback', function()
    in_callback(function()
      curl.get(nginx.url .. '/small', helper.expect(1, function(_, res)
        assert.equal('hello world\n', res.body)
      end))
    end)
  end)
end)

describe('a coroutine', function()
  runs('gets response or nil and the error', function()
    local res, err = curl.get(nginx.url .. '/small')
    assert.equal('hello world\n', res.body)
    assert.is_nil(err)
    res, err = curl.get((fault.refused()))
    assert.is_nil(res)
    assert.equal('COULDNT_CONNECT', err.name)
  end)

  runs('may be one of many', function()
    local bodies, running = {}, 20
    for i = 1, 20 do
      coroutine.wrap(function()
        bodies[i] = assert(curl.get(('%s/echo?%d'):format(nginx.url, i))).body
        running = running - 1
      end)()
    end
    helper.wait_for(function() return running == 0 end)
    for i = 1, 20 do
      assert.truthy(bodies[i]:find(('GET /echo?%d '):format(i), 1, true))
    end
  end)

  runs('may be started in a luv callback', function()
    local done
    in_callback(function()
      coroutine.wrap(function()
        done = assert(curl.get(nginx.url .. '/small')).body
      end)()
    end)
    helper.wait_for(function() return done end)
    assert.equal('hello world\n', done)
  end)

  runs('that somebody else resumes goes on waiting', function()
    local body
    local co = coroutine.create(function() body = assert(curl.get(nginx.url .. '/small')).body end)
    assert(coroutine.resume(co))
    for _ = 1, 3 do
      assert(coroutine.resume(co, 'too early'))
      assert.is_nil(body)
    end
    helper.wait_for(function() return body end)
    assert.equal('hello world\n', body)
  end)
end)

describe('a call without a callback in a luv callback', function()
  for _, name in ipairs { 'get', 'request', 'head', 'stream' } do
    runs(('raises (%s), and starts nothing'):format(name), function()
      local server = fault.silent()
      in_callback(function()
        local ok, err = pcall(curl[name], server.url)
        assert.is_false(ok)
        assert.truthy(err:find(IN_CALLBACK, 1, true), err)
        assert.matches('coroutine.wrap', err)
        -- at the line of whoever called
        assert.is_nil(err:find('lua/luvcurl/', 1, true))
      end)
      helper.sleep(50)
      assert.equal(0, server.connections)
    end)
  end

  runs('raises in a callback of luvcurl\'s own', function()
    -- In Neovim those of a fast Multi: the others are on its main loop, where one can wait.
    local multi = curl.Multi:new(helper.nvim and { fast = true } or nil)
    multi:add(nginx.url .. '/small', helper.expect(1, function()
      local ok, err = pcall(curl.get, nginx.url .. '/small')
      assert.is_false(ok)
      assert.truthy(err:find(IN_CALLBACK, 1, true), err)
    end))
  end)
end)

-- A script of its own, with curl and uv at hand.
local function main_chunk(body)
  local result = child.run(([[
    local curl = require 'luvcurl'
    local uv = require('luvcurl/host/host').uv
    local url = %q
    %s
  ]]):format(nginx.url, body))
  return result
end

describe('the main chunk', function()
  runs('runs the loop until the response is there', function()
    local result = main_chunk [[
      local ticks = 0
      local timer = uv.new_timer()
      timer:start(0, 20, function() ticks = ticks + 1 end)
      for _ = 1, 3 do
        local res, err = curl.get(url .. '/small')
        assert(err == nil)
        io.write(res.status, ' ', res.body)
      end
      local res, err = curl.get('http://no.such.host.invalid/')
      io.write(tostring(res), ' ', err.name, ' ', err.phase, '\n')
      assert(curl.get(url .. '/slow', { timeout = 300 }) == nil)
      timer:stop()
      io.write(ticks > 5 and 'the loop ran\n' or 'the loop was blocked\n')
    ]]
    assert.equal('', result.err)
    assert.equal(('200 hello world\n'):rep(3)
      .. 'nil COULDNT_RESOLVE_HOST resolve\nthe loop ran\n', result.out)
    assert.same({ 0, 0 }, { result.code, result.signal })
  end)

  runs('shows the mistakes of a call at its own line', function()
    local result = main_chunk [[
      local ok, err = pcall(function()
        curl.get(url, { timout = 5 })
      end)
      io.write(tostring(ok), ' ', err)
    ]]
    assert.matches("^false .*script.lua:5: unknown request field 'timout'; "
      .. "did you mean 'timeout'%?$", result.out)
  end)

  runs('streams', function()
    local result = main_chunk [[
      local res = assert(curl.stream(url .. '/1m'))
      local size = 0
      for chunk in res:chunks() do size = size + #chunk end
      io.write(res.status, ' ', size)
    ]]
    assert.equal('200 1048576', result.out)
    assert.equal('', result.err)
  end)
end)
