-- curl.stream with on_line or on_event: each is told, in order, in all styles.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

-- In each style; call(url, request) gives what curl.stream would.
local function each_style(name, test)
  runs(name .. ', in a coroutine', function() test(curl.stream) end)
  it(name .. ', in a main chunk', function() test(curl.stream) end)
  runs(name .. ', with a callback', function()
    test(function(url, request)
      local seen
      curl.stream(url, request, helper.expect(1, function(err, res)
        seen = { res = res, err = err }
      end))
      helper.wait_for(function() return seen end)
      return seen.res, seen.err
    end)
  end)
end

local EVENTS = 'HTTP/1.1 200 Fine\r\nContent-Type: text/event-stream\r\n'

local function asked_by(server)
  return function() return server.left end
end

describe('on_line', function()
  each_style('is told each line, then the call is over', function(call)
    local server = fault.serve(fault.response { body = 'one\r\ntwo\n\nlast' })
    local lines, status = {}, nil
    local res = assert(call(server.url, { on_line = function(line, response)
      lines[#lines + 1], status = line, response.status
    end }))
    assert.same({ 'one', 'two', '', 'last' }, lines)
    assert.same({ 200, 200 }, { status, res.status })
  end)

  each_style('may wait', function(call)
    local server = fault.serve(fault.response { body = 'a\nb\nc\n' })
    local order = {}
    assert(call(server.url, { on_line = function(line)
      order[#order + 1] = line
      assert(curl.get(servers.nginx.url .. '/small'))
      order[#order + 1] = line
    end }))
    assert.equal('aabbcc', table.concat(order))
  end)

  each_style('that raises an error ends the transfer with it', function(call)
    local server
    server = fault.serve(function(conn)
      conn:request()
      conn:send('HTTP/1.1 200 Fine\r\n\r\nline\n')
      conn:stall()
      server.left = true
    end)
    local res, err = call(server.url, { on_line = function() error('in the hook') end })
    assert.is_nil(res)
    assert.equal('TASK_FAILED', err.name)
    assert.matches('told_spec.lua:%d+: in the hook', err.message)
    helper.wait_for(asked_by(server))
  end)

  each_style('has the limits of res:lines', function(call)
    local server = fault.serve(fault.response { body = 'a line that is long\n' })
    local _, err = call(server.url, { on_line = print, lines = { max_line = 5 } })
    assert.equal('FILESIZE_EXCEEDED', err.name)
  end)

  each_style('is not called when there is no answer', function(call)
    local res, err = call((fault.refused()), { on_line = helper.never() })
    assert.is_nil(res)
    assert.equal('COULDNT_CONNECT', err.name)
  end)

  runs('is over when the task is cancelled', function()
    local server
    server = fault.serve(function(conn)
      conn:request()
      conn:send('HTTP/1.1 200 Fine\r\n\r\nline\n')
      conn:stall()
      server.left = true
    end)
    local lines = 0
    local task = curl.stream(server.url, { on_line = function() lines = lines + 1 end },
      helper.expect(1, function(err) assert.equal('CANCELLED', err.name) end))
    helper.wait_for(function() return lines == 1 end)
    task:cancel()
    helper.wait_for(asked_by(server))
    -- the same from outside of a call that waits
    server.left = false
    local outer = curl.spawn(function()
      return curl.stream(server.url, { on_line = function() lines = lines + 1 end })
    end)
    helper.wait_for(function() return lines == 2 end)
    outer:cancel()
    assert.equal('CANCELLED', select(2, outer:wait()).name)
    helper.wait_for(asked_by(server))
  end)

  runs('goes by a session\'s defaults, and by a scope', function()
    local lines = {}
    local session = curl.session { base_url = servers.nginx.url }
    assert(session:stream('small', { on_line = function(line) lines[#lines + 1] = line end }))
    assert(curl.scope {}.stream(servers.nginx.url .. '/small', { on_line = function(line)
      lines[#lines + 1] = line
    end }))
    assert.same({ 'hello world', 'hello world' }, lines)
  end)

  runs('belongs to curl.stream, and is a function', function()
    local url = servers.nginx.url
    for _, request in ipairs { { on_line = 1 }, { on_event = 'x' },
      { on_line = print, on_event = print }, { on_line = print, timout = 1 } } do
      assert.has_error(function() curl.stream(url, request, print) end)
    end
    local ok, err = pcall(curl.get, url, { on_line = print }, print)
    assert.is_false(ok)
    assert.matches('it is for curl.stream', err)
  end)
end)

describe('on_event', function()
  each_style('is told each event', function(call)
    local server = fault.serve(fault.response { headers = { 'Content-Type: text/event-stream' },
      body = 'data: 1\n\nevent: x\ndata: 2\n\n' })
    local seen = {}
    assert(call(server.url, { on_event = function(event, res)
      seen[#seen + 1] = ('%s %s %d'):format(event.event, event.data, res.status)
    end }))
    assert.same({ 'message 1 200', 'x 2 200' }, seen)
  end)

  each_style('gets an error where there are none', function(call)
    local res, err = call(servers.nginx.url .. '/small', { on_event = helper.never() })
    assert.is_nil(res)
    assert.equal('WEIRD_SERVER_REPLY', err.name)
  end)

  runs('goes on after a lost connection, if that is wanted', function()
    local server = fault.serve(function(conn)
      conn:request()
      conn:send(EVENTS .. '\r\nretry: 100\ndata: x\n\n')
    end)
    local events = 0
    local task
    task = curl.stream(server.url, { events = { reconnect = true }, on_event = function()
      events = events + 1
      if events == 3 then
        task:cancel()
      end
    end }, helper.expect(1, function(err) assert.equal('CANCELLED', err.name) end))
    helper.wait_for(function() return task:state() == 'done' end)
    assert.equal(3, events)
  end)
end)
