-- Sources that fail, stop or have nothing yet.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local host = require 'spec.support.host'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local uv = helper.uv
local nginx = servers.nginx

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

-- A test whose limits are times.
local function timed(name, test)
  it(name, helper.timed(function() helper.run(test) end))
end

local function pieces(...)
  local list = { ... }
  return function() return table.remove(list, 1) end
end

-- A server that answers every request with its method and body, unless `before` does.
local function echoing(before)
  local server
  server = fault.serve(function(conn)
    local request = conn:request()
    while request do
      server.bodies[#server.bodies + 1] = request.body
      if not before or not before(conn, request) then
        conn:send(fault.response { body = request.method .. ' ' .. request.body })
      end
      request = not conn.closed and conn:request()
    end
  end)
  server.bodies = {}
  return server
end

describe('a source', function()
  local function failing(body, request)
    request = request or {}
    request.body = body
    local res, err = curl.put(echoing().url, request)
    assert.is_nil(res)
    return err
  end

  runs('that raises fails the transfer, with its traceback', function()
    local err = failing(function() error('no more paper') end)
    assert.equal('ABORTED_BY_CALLBACK', err.name)
    assert.matches('no more paper', err.message)
    assert.matches('upload_source_spec.lua:%d+', err.message)
  end)

  -- Later, and after a yield. COMPAT: in PUC Lua 5.1 an error after the test's own timer has
  -- resumed the function goes to that timer.
  local WAITS = {
    ['a request of its own'] = function() assert(curl.get(nginx.url .. '/small')) end,
  }
  if host.can_yield_in_pcall then
    WAITS['a timer'] = function() helper.sleep(5) end
  end
  for what, wait in pairs(WAITS) do
    runs('that raises after it waited for ' .. what .. ' fails it too', function()
      local count = 0
      local err = failing(function()
        count = count + 1
        wait()
        return count < 3 and 'x' or error('out of ink')
      end)
      assert.equal('ABORTED_BY_CALLBACK', err.name)
      assert.matches('out of ink', err.message)
      assert.matches('upload_source_spec.lua:%d+', err.message)
      assert.equal(3, count)
    end)
  end

  runs('that raises what cannot be told, after it waited, fails it too', function()
    local err = failing(function()
      assert(curl.get(nginx.url .. '/small'))
      error(setmetatable({}, { __tostring = function() error('again') end }))
    end, { timeout = 5000 })
    assert.equal('ABORTED_BY_CALLBACK', err.name)
    assert.matches('error object is a table value', err.message)
  end)

  runs('that returns a wrong type fails it too', function()
    for _, bad in ipairs { { 1, 'number' }, { true, 'boolean' }, { {}, 'table' },
      { false, 'boolean' } } do
      local err = failing(function() return bad[1] end)
      assert.equal('ABORTED_BY_CALLBACK', err.name)
      local expected = 'the body function returned a ' .. bad[2] .. ': expected a string'
      assert.matches(expected, err.message, 1, true)
    end
  end)

  runs('that never answers is ended by a timeout, or by cancel', function()
    local function never()
      coroutine.yield()
    end
    local err = failing(never, { timeout = 80 })
    assert.same({ 'OPERATION_TIMEDOUT', 'send' }, { err.name, err.phase })
    local t = curl.put(echoing().url, { body = never }, helper.expect(1, function(problem)
      assert.equal('ABORTED_BY_CALLBACK', problem.name)
    end))
    helper.sleep(50)
    assert.equal('running', t:state())
    assert.is_true(t:cancel())
  end)

  runs('that never answers does not keep an answer back that came early', function()
    for _, headers in ipairs { {}, { 'Connection: close' } } do
      local server = fault.serve(function(conn)
        conn:head()
        conn:send(fault.response { status = 413, body = 'too much', headers = headers })
        conn:stall()
      end)
      local first = true
      local res = assert(curl.put(server.url, { expect = false, timeout = 5000, body = function()
        if not first then
          coroutine.yield()
        end
        first = false
        return 'x'
      end }))
      assert.same({ 413, 'too much' }, { res.status, res.body })
    end
  end)

  runs('that is a function may say how much it gives', function()
    local function sized(size)
      local server = echoing()
      local res, err = curl.put(server.url, { timeout = 2000,
        body = { read = pieces('ab', 'cd'), size = size } })
      return res and res.body or err.message, server
    end
    assert.equal('PUT abcd', (sized(4)))
    assert.equal('the body is shorter than its Content-Length of 5 bytes', (sized(5)))
    assert.equal('the body is longer than its Content-Length of 3 bytes', (sized(3)))
    for _, bad in ipairs {
      { { read = 1 }, 'request.body.read: expected a function, got number' },
      { { read = print, rewind = 1 }, 'request.body.rewind: expected a function, got number' },
      { { read = print, size = -1 }, 'request.body.size: expected a number of bytes, got -1' },
      { { read = print, rewnd = 1 }, "unknown field of request.body 'rewnd'; did you mean "
        .. "'rewind'?" },
    } do
      assert.error_matches(function() curl.put(nginx.url, { body = bad[1] }) end, bad[2], 1, true)
    end
  end)

  timed('that has nothing yet does not spin', function()
    local calls = 0
    local t = curl.put(echoing().url, { body = function()
      calls = calls + 1
      if calls == 2 then
        helper.sleep(600)
      end
      return calls < 3 and 'x' or nil
    end }, helper.expect(1, function(err, res)
      assert.is_nil(err)
      assert.equal('PUT xx', res.body)
    end))
    helper.wait_for(function() return calls == 2 end)
    helper.sleep(20)
    local before = uv.getrusage().utime
    helper.sleep(400)
    local after = uv.getrusage().utime
    local spent = (after.sec - before.sec) * 1000 + (after.usec - before.usec) / 1000
    assert.equal('running', t:state())
    assert.is_true(spent < 80, spent .. ' ms of CPU in 400 ms')
    assert.equal(2, calls)
  end)

  runs('may give empty pieces', function()
    local body = pieces('', 'a', '', '', 'bc', '')
    assert.equal('PUT abc', assert(curl.put(echoing().url, { body = body })).body)
  end)

  runs('that is not asked again after its end', function()
    local calls = 0
    assert(curl.put(echoing().url, { body = function()
      calls = calls + 1
      return nil
    end }))
    assert.equal(1, calls)
  end)

  runs('whose stream is closed fails the transfer', function()
    local pipe = uv.new_pipe(false)
    pipe:close()
    local err = failing(pipe)
    assert.equal('ABORTED_BY_CALLBACK', err.name)
    assert.matches('the body stream was closed', err.message)
    pipe = uv.new_pipe(false) -- not connected to anything
    err = failing(pipe)
    assert.matches('the body stream cannot be read: E%u+', err.message)
    pipe:close()
  end)

  runs('that is a file has to be there and to stay', function()
    local dir = folder.new()
    local function refused(path, why)
      local server = echoing()
      local res, err = curl.put(server.url, { body = { file = path } })
      assert.is_nil(res)
      assert.same({ 'FILE_COULDNT_READ_FILE', 37, 'queue' }, { err.name, err.code, err.phase })
      assert.equal(('the body file %s: %s'):format(path, why), err.message)
      assert.equal(0, server.connections)
    end
    refused(dir:at('none'), 'ENOENT: no such file or directory: ' .. dir:at('none'))
    refused(dir.path, 'it is no regular file but a directory')
    assert(os.execute(("mkfifo '%s'"):format(dir:at('pipe'))))
    refused(dir:at('pipe'), 'it is no regular file but a fifo') -- that nobody ever writes to
    assert.has_error(function() curl.put(nginx.url, { body = { file = 1 } }) end,
      'request.body.file: expected a string, got number')
  end)

  -- The server answers nothing before it has seen a part of the body: the file is open then.
  runs('that is a file which becomes shorter fails the transfer', function()
    local path = folder.new():write('short', ('x'):rep(16 * 1024 * 1024))
    local server = fault.serve(function(conn)
      conn:head()
      process.write_file(path, 'x')
      conn:stall()
    end)
    local res, err = curl.put(server.url, { body = { file = path }, expect = false })
    assert.is_nil(res)
    assert.same({ 'READ_ERROR', 26, 'send' }, { err.name, err.code, err.phase })
    assert.matches('became shorter while it was sent', err.message)
  end)

  runs('that is a file which goes before it is opened fails the transfer', function()
    local path = folder.new():write('gone', 'x')
    local multi = curl.Multi:new { max_concurrent = 1 }
    multi:add(fault.serve(function(conn)
      conn:request()
      assert(uv.fs_unlink(path))
      conn:send(fault.response { body = 'now' })
    end).url, helper.expect(1))
    local err
    multi:add({ url = echoing().url, body = { file = path } }, helper.expect(1, function(problem)
      err = problem
    end))
    helper.wait_for(function() return err end)
    assert.same({ 'FILE_COULDNT_READ_FILE', 37 }, { err.name, err.code })
    assert.matches('ENOENT', err.message)
  end)

  runs('that does not keep to its Content-Length', function()
    local function sized(body, length)
      return failing(body, { headers = { ['Content-Length'] = length }, timeout = 2000 })
    end
    local err = sized(pieces('123', '4'), 5)
    assert.same({ 'ABORTED_BY_CALLBACK', 'the body is shorter than its Content-Length of 5 bytes' },
      { err.name, err.message })
    assert.equal('the body is longer than its Content-Length of 5 bytes',
      sized(pieces('123', '456'), 5).message)
    assert.has_error(function() sized(pieces 'x', 'five') end,
      'request.headers.Content-Length: five is not the size of the body')
    local path = folder.new():write('three', 'abc')
    err = sized({ file = path }, 4)
    assert.same({ 'ABORTED_BY_CALLBACK', ('the body file %s: it has 3 bytes, the request says 4')
      :format(path) }, { err.name, err.message })
  end)
end)
