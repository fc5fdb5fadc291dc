-- What the host and the script do to the loop and in callbacks: all handles closed under us, a loop
-- run inside a callback, errors and yields where they hurt.

local curl = require 'luvcurl'
local child = require 'spec.support.child'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local uv = helper.uv
local url = servers.nginx.url

local UV = [[
local loaded = package.loaded
local uv = loaded.luv or loaded.uv or vim and vim.loop or require 'luv'
local curl = require 'luvcurl'
]]

local function run(source, args)
  local result
  helper.run(function()
    result = child.run(UV .. source, { args = args })
  end, child.DEADLINE)
  assert.is_false(result.late, result.err)
  assert.equal(0, result.signal, result.err)
  result.text = (result.out .. result.err):gsub('\r', '')
  return result
end

-- Neovim 0.7.2 aborts in its own uv.walk.
if helper.can_walk then
  describe('uv.walk that closes everything', function()
    -- In a child: here it would close the servers' and the runner's handles too.
    local CLOSE = [[
      local function close_all()
        uv.walk(function(handle) if not handle:is_closing() then handle:close() end end)
      end
      local told = {}
      local function note(name)
        return function(err, res)
          told[#told + 1] = name .. ' ' .. (err and err.name .. ' ' .. err.message or res.status)
        end
      end
      local LOST = "ABORTED_BY_CALLBACK the host closed luvcurl's handles on its loop"
    ]]

    it('ends the transfers in flight, and the next one works', function()
      local result = run(CLOSE .. [[
        curl.get(arg[1], note 'waiting')
        curl.get(arg[2] .. '/slow', note 'body')
        local m = curl.Multi:new { max_concurrent = 1 }
        m:add(arg[1], note 'other')
        m:add(arg[1], note 'queued')
        local timer = uv.new_timer()
        timer:start(100, 0, close_all)
        uv.run()
        table.sort(told)
        for i, name in ipairs { 'body', 'other', 'queued', 'waiting' } do
          assert(told[i] == name .. ' ' .. LOST, told[i])
        end
        told = {}
        for round = 1, 3 do -- new connections and, with the same handles, kept ones
          curl.get(arg[2] .. '/small', note(tostring(round)))
          uv.run()
        end
        print(table.concat(told, ','))
      ]], { fault.silent().url, url })
      assert.equal('1 200,2 200,3 200\n', result.text)
      assert.equal(0, result.code)
    end)

    it('before the loop ran for the first time', function()
      local result = run(CLOSE .. [[
        curl.get(arg[1] .. '/small', note 'first')
        close_all()
        uv.run()
        curl.get(arg[1] .. '/small', note 'second')
        uv.run()
        print(told[1] == 'first ' .. LOST, told[2], #told)
      ]], { url })
      assert.equal('true\tsecond 200\t2\n', result.text)
    end)

    it('twice, with a new request right after each', function()
      local result = run(CLOSE .. [[
        curl.get(arg[1], note 'first')
        uv.run('nowait')
        close_all()
        curl.get(arg[1], note 'second')
        uv.run('nowait')
        close_all()
        curl.get(arg[2] .. '/small', note 'third')
        uv.run()
        print(told[1] == 'first ' .. LOST, told[2] == 'second ' .. LOST, told[3], #told)
      ]], { fault.silent().url, url })
      assert.equal('true\ttrue\tthird 200\t3\n', result.text)
    end)

    it('while connections are kept: they serve again', function()
      local result = run(CLOSE .. [[
        local m = curl.Multi:new()
        for round = 1, 4 do
          m:add(arg[1] .. '/small', note(tostring(round)))
          uv.run()
          close_all()
          uv.run()
        end
        print(table.concat(told, ','))
      ]], { url })
      assert.equal('1 200,2 200,3 200,4 200\n', result.text)
    end)

    for _, hook in ipairs { 'on_data', 'on_response', 'final' } do
      it('from ' .. hook, function()
        local result = run(CLOSE .. [[
          local request = { url = arg[1] .. '/1m' }
          if arg[2] ~= 'final' then
            local hook = arg[2]
            request[hook] = close_all
          end
          curl.get(arg[1] .. '/slow', note 'slow')
          curl.request(request, function(err)
            if arg[2] == 'final' then close_all() end
          end)
          uv.run()
          curl.get(arg[1] .. '/small', note 'new')
          uv.run()
          print(told[1] == 'slow ' .. LOST, told[2], #told)
        ]], { url, hook })
        assert.equal('true\tnew 200\t2\n', result.text)
      end)
    end
  end)
end

-- Neovim forbids vim.wait in a luv callback, and its loop must not be run otherwise. luv from 1.50
-- on refuses to run the loop inside itself.
local version = uv.version_string()
if not helper.nvim and tonumber(version:match('^1%.(%d+)')) < 49 then
  describe('a loop run inside a callback', function()
    local function nested(done)
      local began = uv.hrtime()
      while not done() and uv.hrtime() - began < 3e9 do
        uv.run('once')
      end
    end

    it('carries a new transfer to its end', function()
      local inner
      curl.get(url .. '/small', helper.expect(1, function()
        curl.get(url .. '/1k', helper.expect(1, function(_, res) inner = #res.body end))
        nested(function() return inner end)
        assert.equal(1024, inner)
      end))
    end)

    it('tells the transfers that ended at the same moment', function()
      local ended, waiting = 0, false
      for _ = 1, 5 do
        curl.get('http://127.0.0.1:1/', helper.expect(1, function()
          ended = ended + 1
          if not waiting then
            waiting = true
            nested(function() return ended == 5 end)
            assert.equal(5, ended)
          end
        end))
      end
    end)

    it('ends when nothing is left but the transfer whose callback it is', function()
      for _, hook in ipairs { 'final', 'on_response', 'on_data', 'on_progress' } do
        local result = run([[
          local hook, told, ran = arg[2], 0, 0
          local function nested()
            uv.run()
            ran = ran + 1
          end
          local request = { url = arg[1] }
          if hook ~= 'final' then
            request[hook] = nested
          end
          curl.request(request, function()
            told = told + 1
            if hook == 'final' then nested() end
          end)
          uv.run()
          print(told, ran > 0)
        ]], { url .. '/small', hook })
        assert.equal('1\ttrue\n', result.text, hook)
      end
    end)

    it('in on_data goes on with the same transfer', function()
      local size, ended = 0, false
      local depth = 0
      curl.get(url .. '/1m', { on_data = function(chunk)
        size = size + #chunk
        depth = depth + 1
        if depth == 1 then
          nested(function() return ended end)
        end
      end }, helper.expect(1, function(err)
        assert.is_nil(err)
        ended = true
      end))
      helper.wait_for(function() return ended end)
      assert.equal(2 ^ 20, size)
    end)
  end)
end

describe('an error in', function()
  for hook, path in pairs { on_data = '/1m', on_response = '/1m' } do
    it(hook .. ' fails the transfer, with its traceback', function()
      helper.run(function()
        local err = helper.await(function(done)
          curl.request({ url = url .. path, [hook] = function() error('too bad') end }, done)
        end)
        assert.equal('ABORTED_BY_CALLBACK', err.name)
        assert.matches('host_spec.lua:%d+: too bad.*stack traceback:.*host_spec', err.message)
      end)
    end)

    it(hook .. ' that is no string fails the transfer', function()
      helper.run(function()
        for value, pattern in pairs { [{}] = 'table', [42] = '42', [false] = 'boolean' } do
          local err = helper.await(function(done)
            curl.request({ url = url .. path, [hook] = function() error(value, 0) end }, done)
          end)
          assert.equal('ABORTED_BY_CALLBACK', err.name)
          assert.matches(pattern, err.message)
        end
      end)
    end)

    it(hook .. ', a yield, fails the transfer', function()
      helper.run(function()
        local err = helper.await(function(done)
          curl.request({ url = url .. path, [hook] = function() coroutine.yield() end }, done)
        end)
        assert.equal('ABORTED_BY_CALLBACK', err.name)
        assert.matches('attempt to yield', err.message)
      end)
    end)
  end

  it('a body function fails the transfer, with its traceback', function()
    helper.run(function()
      local err = helper.await(function(done)
        curl.post(url .. '/sink', { body = function() error('no more') end }, done)
      end)
      assert.equal('ABORTED_BY_CALLBACK', err.name)
      assert.matches('host_spec.lua:%d+: no more.*stack traceback', err.message)
    end)
  end)

  -- The host's own way with errors: luv ends the process with status 255, Neovim prints them and
  -- goes on.
  local function final(source)
    local result = run([[
      local function fail() ]] .. source .. [[ end
      curl.get(arg[1], function() fail() end)
      if vim then
        local over
        vim.defer_fn(function() over = true end, 300)
        vim.wait(2000, function() return over end)
        io.stderr:write('went on\n')
      elseif not package.loaded.uv then
        uv.run()
      end
    ]], { url .. '/small' })
    if helper.nvim then
      assert.equal(0, result.code)
      assert.matches('went on', result.text)
    else
      assert.equal(255, result.code, result.text)
    end
    return result.text
  end

  it('the final callback reaches the host, with its traceback', function()
    assert.matches('script.lua:%d+: far too bad\n.*traceback.*script.lua',
      (final("error('far too bad')")))
  end)

  it('the final callback reaches the host as text, whatever it is', function()
    assert.matches('error object is a table value', (final('error({ 1 })')))
    assert.matches('I am text', (final(
      "error(setmetatable({}, { __tostring = function() return 'I am text' end }))")))
    assert.matches('error object is a nil value', (final('error(nil)')))
    assert.matches('4711', (final('error(4711, 0)')))
    assert.matches('Error', (final( -- of the error, there is no text: only its end is told
      "error(setmetatable({}, { __tostring = function() error('again') end }))")))
  end)

  it('the final callback, a yield, reaches the host', function()
    assert.matches('attempt to yield', (final('coroutine.yield()')))
  end)
end)
