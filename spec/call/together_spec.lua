-- curl.all, curl.any and curl.map: many at once, waited for as one, in all styles.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local nginx = servers.nginx.url

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

-- A server that never answers and counts the clients that have gone.
local function silent()
  local server
  server = fault.serve(function(conn)
    conn:request()
    server.asked = (server.asked or 0) + 1
    conn:stall()
    server.left = (server.left or 0) + 1
  end)
  return server
end

local function after(ms, ...)
  local values, n = { ... }, select('#', ...)
  return function()
    curl.sleep(ms)
    return (table.unpack or unpack)(values, 1, n)
  end
end

local function failing(ms, text)
  return function()
    curl.sleep(ms)
    error(text, 0)
  end
end

-- Runs `test(call)` in each style; call(fn, …) gives what fn(…) would.
local function each_style(name, test)
  runs(name .. ', in a coroutine', function()
    test(function(fn, ...) return fn(...) end)
  end)
  it(name .. ', in a main chunk', function()
    test(function(fn, ...) return fn(...) end)
  end)
  runs(name .. ', with a callback', function()
    test(function(fn, ...)
      local arguments, n = { ... }, select('#', ...)
      local seen
      arguments[n + 1] = helper.expect(1, function(err, value)
        seen = { err = err, value = value }
      end)
      assert.equal('running', fn((table.unpack or unpack)(arguments, 1, n + 1)):state())
      helper.wait_for(function() return seen end)
      return seen.value, seen.err
    end)
  end)
end

describe('curl.all', function()
  each_style('gives the results in order', function(call)
    local task = curl.spawn(after(1, 'of a task'))
    local results = assert(call(curl.all, {
      nginx .. '/small', after(10, 'last', 'more'), { url = nginx .. '/1k' }, after(1, nil), task,
    }))
    assert.equal(5, results.n)
    assert.equal('hello world\n', results[1].body)
    assert.equal('last', results[2])
    assert.equal(1024, #results[3].body)
    assert.is_nil(results[4])
    assert.equal('of a task', results[5])
  end)

  each_style('has the first failure cancel the rest', function(call)
    local server, ended = silent(), false
    local results, err = call(curl.all, {
      server.url,
      function(task)
        task:defer(function() ended = true end)
        curl.sleep(60000)
      end,
      failing(20, 'no luck'),
      failing(60000, 'never'),
    })
    assert.is_nil(results)
    assert.equal('no luck', err.cause)
    assert.is_true(ended) -- nothing of it runs any more
    helper.wait_for(function() return server.left == 1 end)
  end)

  each_style('settles', function(call)
    local results = assert(call(curl.all, {
      settle = true, (fault.refused()), failing(1, 'no luck'), after(1, 'fine'),
    }))
    assert.equal('COULDNT_CONNECT', results[1].err.name)
    assert.is_false(results[1].ok)
    assert.equal('no luck', results[2].err.cause)
    assert.same({ ok = true, value = 'fine' }, results[3])
  end)

  each_style('of nothing is nothing', function(call)
    assert.same({ n = 0 }, call(curl.all, {}))
  end)

  runs('takes what a function returns behind nil for its failure', function()
    local _, err = curl.all { after(1, nil, 'as Lua says it') }
    assert.equal('as Lua says it', err)
  end)

  runs('is a session\'s and a method, too', function()
    local session = curl.session { base_url = nginx }
    local results = assert(session:all { 'small', '/1k' })
    assert.same({ 12, 1024 }, { #results[1].body, #results[2].body })
    assert.equal(12, #assert(session.any { 'small' }).body)
  end)

  runs('whose waiting task is cancelled ends all', function()
    local server = silent()
    local task = curl.spawn(function() return curl.all { server.url, server.url, after(60000) } end)
    helper.wait_for(function() return server.asked == 2 end)
    task:cancel()
    assert.equal('CANCELLED', select(2, task:wait()).name)
    helper.wait_for(function() return server.left == 2 end)
  end)

  runs('with a callback is cancelled by what it returns', function()
    local server = silent()
    local task = curl.all({ server.url }, helper.expect(1, function(err)
      assert.equal('CANCELLED', err.name)
    end))
    helper.wait_for(function() return server.asked end)
    task:cancel()
    helper.wait_for(function() return server.left end)
  end)

  runs('raises for what is not valid, and starts nothing that goes on', function()
    local server = silent()
    for _, list in ipairs { { 1 }, { server.url, { ulr = 'x' } }, { name = server.url } } do
      assert.has_error(function() curl.all(list, function() end) end)
    end
    assert.has_error(function() curl.all(server.url, function() end) end)
    local ok, err = pcall(curl.all, { { url = server.url, timout = 1 } }, print)
    assert.is_false(ok)
    assert.matches("did you mean 'timeout'", err)
    helper.sleep(20)
    assert.equal(0, curl.Multi.shared():count())
  end)
end)

describe('curl.any', function()
  each_style('gives the first that succeeds, and cancels the others', function(call)
    local server = silent()
    local value, err = call(curl.any, {
      server.url, failing(1, 'early'), (fault.refused()), after(30, 'won'), after(60000, 'late'),
    })
    assert.same({ 'won', nil }, { value, err })
    assert.equal(0, curl.Multi.shared():count())
  end)

  each_style('has all the errors when none succeeds', function(call)
    local value, err = call(curl.any, { failing(1, 'one'), (fault.refused()) })
    assert.is_nil(value)
    assert.equal('ALL_FAILED', err.name)
    assert.equal('one', err.errors[1].cause)
    assert.equal('COULDNT_CONNECT', err.errors[2].name)
    assert.matches('^all of 2 have failed; the last: COULDNT_CONNECT', err.message)
  end)

  runs('wants something to wait for', function()
    assert.has_error(function() curl.any({}, print) end)
    assert.has_error(function() curl.any({ print, settle = true }, print) end)
  end)
end)

describe('curl.map', function()
  each_style('runs so many at once, and gives the results in order', function(call)
    local running, most = 0, 0
    local list = {}
    for i = 1, 20 do
      list[i] = i
    end
    local results = assert(call(curl.map, list, 3, function(i, ...)
      assert.equal(0, select('#', ...))
      running = running + 1
      most = math.max(most, running)
      curl.sleep(i % 3)
      running = running - 1
      return i * 10
    end))
    assert.same({ 20, 3, 0 }, { results.n, most, running })
    for i = 1, 20 do
      assert.equal(i * 10, results[i])
    end
  end)

  each_style('takes any iterator, also one that waits', function(call)
    local res = assert(curl.get(nginx .. '/small')) -- in a callback's style, too
    assert.equal(200, res.status)
    local following = ('a=1 b=2 c=3'):gmatch('(%a)=(%d)')
    assert.same({ 'a1', 'b2', 'c3', n = 3 }, call(curl.map, following, 2, function(name, value)
      return name .. value
    end))
    local left = 3
    assert.same({ 2, 1, 0, n = 3 }, call(curl.map, function()
      curl.sleep(1)
      left = left - 1
      return left >= 0 and left or nil
    end, 2, function(n) return n end))
  end)

  each_style('fetches what a stream lists', function(call)
    local server = fault.serve(fault.response { body = ('%s/small\n%s/1k\n'):format(nginx, nginx) })
    local stream = assert(curl.stream(server.url))
    local results = assert(call(curl.map, stream:lines(), 4, curl.get))
    assert.same({ 12, 1024 }, { #results[1].body, #results[2].body })
  end)

  each_style('ends at the first failure', function(call)
    local asked = 0
    local results, err = call(curl.map, function()
      asked = asked + 1
      return asked
    end, 2, function(i)
      if i == 3 then
        error('three', 0)
      elseif i == 2 then
        curl.sleep(60000)
      end
    end)
    assert.is_nil(results)
    assert.equal('three', err.cause)
    assert.is_true(asked <= 4)
  end)

  each_style('settles', function(call)
    local results = assert(call(curl.map, { 1, 2, 3 }, 2, function(i)
      curl.sleep(1)
      return i ~= 2 and i or nil, i == 2 and 'two' or nil
    end, { settle = true }))
    assert.same({ { ok = true, value = 1 }, { ok = false, err = 'two' }, { ok = true, value = 3 },
      n = 3 }, results)
  end)

  each_style('fails as its iterator does, which a failure interrupts', function(call)
    local _, err = call(curl.map, failing(1, 'no more'), 2, print)
    assert.equal('no more', err.cause)
    local first = true
    _, err = call(curl.map, function()
      if not first then
        curl.sleep(60000)
      end
      first = false
      return 1
    end, 2, failing(1, 'one'))
    assert.equal('one', err.cause)
  end)

  runs('goes on for very many that do not wait', function()
    local n = 0
    local results = assert(curl.map(function()
      n = n + 1
      return n <= 20000 and n or nil
    end, 4, function(i) return i end))
    assert.same({ 20000, 20000 }, { results.n, results[20000] })
  end)

  runs('whose waiting task is cancelled ends all', function()
    local server = silent()
    local task = curl.spawn(function()
      return curl.map({ server.url, server.url, server.url }, 2, curl.get)
    end)
    helper.wait_for(function() return server.asked == 2 end)
    task:cancel()
    assert.equal('CANCELLED', select(2, task:wait()).name)
    helper.wait_for(function() return server.left == 2 end)
    assert.equal(2, server.asked)
  end)

  runs('wants a list, a number and a function', function()
    for _, arguments in ipairs { { 'x', 1, print }, { {}, 0, print }, { {}, 1, 'x' },
      { {}, 1, print, { setle = true } } } do
      local ok = pcall(curl.map, arguments[1], arguments[2], arguments[3], arguments[4], print)
      assert.is_false(ok)
    end
  end)
end)
