-- curl.scope: what is started in a scope ends with it, by cancel, by its deadline, by a failing
-- task, or in Neovim with a buffer.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local nginx = servers.nginx.url

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

local HALF = 'HTTP/1.1 200 Fine\r\nContent-Length: 8\r\n\r\nhalf'

-- A server that says `text` and then nothing more; counts who has asked and who has gone.
local function stalls(text)
  local server
  server = fault.serve(function(conn)
    conn:request()
    conn:send(text or '')
    server.asked = (server.asked or 0) + 1
    conn:stall()
    server.left = (server.left or 0) + 1
  end)
  return server
end

local function count(server, field, n)
  helper.wait_for(function() return server[field] == n end)
end

local function named(name, message)
  return helper.expect(1, function(err, res)
    assert.is_nil(res)
    assert.same({ name, message }, { err.name, err.message })
  end)
end

describe('a scope', function()
  runs('has the verbs, as functions and methods, in all styles', function()
    local scope = curl.scope {}
    assert.equal('hello world\n', assert(scope.get(nginx .. '/small')).body)
    assert.equal(200, assert(scope:post(nginx .. '/echo', { body = 'x' })).status)
    scope:get(nginx .. '/1k', helper.expect(1, function(err, res)
      assert.is_nil(err)
      assert.equal(1024, #res.body)
    end))
    local stream = assert(scope:stream(nginx .. '/small'))
    assert.equal('hello world\n', stream:text())
    assert.equal(12, assert(scope.download(nginx .. '/small', folder.new():at('x'))).bytes)
    assert.equal(2, assert(scope:all { nginx .. '/small', function() return 1 end }).n)
    assert.equal('b', scope.any { function() scope.sleep(60000) end, function() return 'b' end })
    assert.same({ 2, 4, n = 2 }, scope:map({ 1, 2 }, 2, function(n) return n * 2 end))
    assert.is_true(scope:sleep(1))
    assert.equal('of a task', scope.spawn(function() return 'of a task' end):wait())
    assert.is_true(scope:wait())
    assert.has_error(function() scope:get(nginx) end)
    assert.has_error(function() scope.spawn(print) end)
  end)

  it('has a main chunk run the loop', function()
    local scope = curl.scope { timeout = 60000 }
    assert.equal(12, #assert(scope.get(nginx .. '/small')).body)
    local done = false
    scope.spawn(function()
      scope.sleep(5)
      done = true
    end)
    assert.is_true(scope:wait())
    assert.is_true(done)
  end)

  runs('of a session has its defaults', function()
    local session = curl.session { base_url = nginx }
    assert.equal(12, #assert(session:scope {}:get('small')).body)
  end)

  runs('ends all with an error of its own when it is cancelled', function()
    local server, half = stalls(), stalls(HALF)
    local scope = curl.scope()
    scope.get(server.url, named('CANCELLED', 'the page was left'))
    scope.stream(server.url, named('CANCELLED', 'the page was left'))
    scope.download(server.url, folder.new():at('x'), named('CANCELLED', 'the page was left'))
    local waiting
    curl.spawn(function() return scope.get(server.url) end, helper.expect(1, function(err)
      waiting = err.name
    end))
    local task = scope.spawn(function() return curl.get(server.url) end)
    local res = assert(scope.stream(half.url))
    assert.equal('half', res:read())
    local all = scope.all({ server.url }, named('CANCELLED', 'the page was left'))
    count(server, 'asked', 6)
    assert.is_true(scope:cancel('the page was left'))
    assert.is_false(scope:cancel())
    local _, err = res:read()
    assert.same({ 'CANCELLED', 'body', half.url .. '/' }, { err.name, err.phase, err.url })
    assert.equal('CANCELLED', select(2, task:wait()).name)
    assert.equal('CANCELLED', select(2, all:wait()).name)
    _, err = scope:wait()
    assert.equal('CANCELLED: the page was left', tostring(err))
    count(server, 'left', 6)
    helper.wait_for(function() return waiting end)
    assert.equal('CANCELLED', waiting)
  end)

  runs('that was cancelled starts nothing', function()
    local server = fault.silent()
    local scope = curl.scope {}
    scope:cancel()
    assert.equal('CANCELLED', select(2, scope.get(server.url)).name)
    assert.equal('CANCELLED', select(2, scope.stream(server.url)).name)
    scope.get(server.url, named('CANCELLED', 'the scope was cancelled'))
    scope.spawn(function() error('not reached') end, named('CANCELLED', 'the scope was cancelled'))
    helper.sleep(10)
    assert.equal(0, server.connections)
  end)

  runs('has a deadline over all of it', function()
    local server = stalls()
    local scope = curl.scope { timeout = 100 }
    local message = "the scope's timeout of 100 ms passed"
    scope.get(server.url, named('OPERATION_TIMEDOUT', message))
    local _, err = scope.get(server.url)
    assert.same({ 'OPERATION_TIMEDOUT', 28, message, 'wait' },
      { err.name, err.code, err.message, err.phase })
    _, err = scope:wait()
    assert.equal('OPERATION_TIMEDOUT', err.name)
    count(server, 'left', 2)
  end)

  runs('does not hold up the end of everything', function()
    local scope = curl.scope { timeout = 60000 }
    local task = scope.spawn(function() curl.sleep(60000) end)
    curl.shutdown()
    assert.equal('SHUT_DOWN', select(2, scope:wait()).name)
    assert.equal('SHUT_DOWN', select(2, task:wait()).name)
  end)

  runs('around another ends that, too', function()
    local server = stalls()
    local outer = curl.scope {}
    local inner = outer.scope { timeout = 60000 }
    inner.get(server.url, named('CANCELLED', 'outside'))
    local task = inner.spawn(function() curl.sleep(60000) end)
    count(server, 'asked', 1)
    outer:cancel('outside')
    assert.equal('outside', select(2, task:wait()).message)
    assert.equal('CANCELLED', select(2, outer:wait()).name)
    assert.is_true(inner:wait())
  end)

  if not helper.nvim then
    it('that waits for its deadline keeps no loop alive', function()
      local scope = curl.scope { timeout = 60000 }
      assert.is_true(helper.loop_ends(1000))
      scope:cancel()
    end)

    runs('cannot follow a buffer, of which there is none', function()
      local ok, err = pcall(curl.scope, { buffer = 0 })
      assert.is_false(ok)
      assert.matches('only Neovim has buffers', err)
    end)
  end

  runs('wants known settings, and its methods a colon', function()
    for _, settings in ipairs { { timout = 1 }, { timeout = 'x' }, { buffer = 'x' } } do
      assert.has_error(function() curl.scope(settings) end)
    end
    local scope = curl.scope {}
    assert.has_error(function() scope.cancel() end)
    assert.has_error(function() scope:cancel(1) end)
    local _, err = scope.spawn(function() scope:wait() end):wait()
    assert.matches('a task of the scope cannot wait for it', err.message)
  end)
end)

describe('a scope around a function', function()
  local function each_style(name, test)
    runs(name .. ', in a coroutine', function() test(curl.scope) end)
    it(name .. ', in a main chunk', function() test(curl.scope) end)
    runs(name .. ', with a callback', function()
      test(function(settings, fn)
        local seen
        curl.scope(settings, fn, helper.expect(1, function(err, value)
          seen = { value = value, err = err }
        end))
        helper.wait_for(function() return seen end)
        return seen.value, seen.err
      end)
    end)
  end

  each_style('waits for all of it', function(call)
    local done = false
    assert.equal('value', call({}, function(scope)
      scope.spawn(function()
        curl.sleep(20)
        done = true
      end)
      scope.sleep(1)
      return 'value'
    end))
    assert.is_true(done)
  end)

  each_style('ends at its deadline', function(call)
    local server, after = stalls(), false
    local value, err = call({ timeout = 50 }, function(scope)
      assert(scope.get(server.url))
      after = true
    end)
    assert.is_nil(value)
    assert.equal('OPERATION_TIMEDOUT', err.name)
    assert.is_false(after)
  end)

  each_style('fails as a task of it does, and the others end', function(call)
    local ended = 0
    local value, err = call({}, function(scope)
      for _ = 1, 2 do
        scope.spawn(function(task)
          task:defer(function() ended = ended + 1 end)
          curl.sleep(60000)
        end)
      end
      scope.spawn(function()
        curl.sleep(5)
        error('a fault', 0)
      end)
      curl.sleep(60000)
    end)
    assert.is_nil(value)
    assert.same({ 'TASK_FAILED', 'a fault', 2 }, { err.name, err.cause, ended })
  end)

  runs('ends with the task that waits for it', function()
    local ended = false
    local task = curl.spawn(function()
      return curl.scope({}, function(scope)
        scope.spawn(function(inner)
          inner:defer(function() ended = true end)
          curl.sleep(60000)
        end)
        curl.sleep(60000)
      end)
    end)
    helper.sleep(5)
    task:cancel()
    assert.equal('CANCELLED', select(2, task:wait()).name)
    helper.wait_for(function() return ended end)
  end)
end)

if helper.nvim then
  describe('a scope that follows a buffer', function()
    local api = vim.api -- luacheck: ignore

    for _, command in ipairs { 'bwipeout!', 'bdelete!' } do
      runs('ends by ' .. command, function()
        local server = stalls()
        local number = api.nvim_create_buf(true, false)
        local scope = curl.scope { buffer = number }
        scope.get(server.url, named('CANCELLED', 'its buffer is gone'))
        count(server, 'asked', 1)
        curl.sleep(1) -- the server has woken us where no command is allowed
        api.nvim_command(command .. ' ' .. number)
        count(server, 'left', 1)
        assert.equal('CANCELLED', select(2, scope:wait()).name)
      end)
    end

    runs('lets go of it when it is over', function()
      local number = api.nvim_create_buf(true, false)
      local scope = curl.scope { buffer = number }
      assert.equal(2, #api.nvim_get_autocmds { buffer = number })
      assert.is_true(scope:wait())
      assert.equal(0, #api.nvim_get_autocmds { buffer = number })
      api.nvim_command('bwipeout! ' .. number)
    end)

    it('wants one that is there', function()
      assert.has_error(function() curl.scope { buffer = 99999 } end)
    end)
  end)
end
