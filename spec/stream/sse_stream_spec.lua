-- res:events() over a connection: as the bytes come, and with reconnecting. (The parser alone has
-- sse_spec.lua.)

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'

local uv = helper.uv

local HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

-- COMPAT: PUC Lua 5.1 cannot yield inside a `for`'s iterator, hence no `for` in coroutines here.
local function collect(iterator, count)
  local list = {}
  while #list < (count or math.huge) do
    local event = iterator()
    if not event then
      break
    end
    list[#list + 1] = event
  end
  return list
end

local function data(list)
  local texts = {}
  for i, event in ipairs(list) do
    texts[i] = event.data
  end
  return texts
end

-- A server whose n-th connection gets the n-th script; what was asked is kept.
local function scripted(scripts)
  local server
  server = fault.serve(function(conn)
    local request = conn:request()
    server.asked[#server.asked + 1] = { request.headers.accept, request.headers['last-event-id'] }
    server.at[#server.at + 1] = uv.hrtime() / 1e6
    server.bodies[#server.bodies + 1] = request.body
    local script = scripts[#server.asked] or error 'asked too often'
    if type(script) == 'string' then
      conn:send(script)
    else
      script(conn)
    end
  end)
  server.asked, server.at, server.bodies = {}, {}, {}
  return server
end

local function reason_of(iterator)
  local ok, err = pcall(iterator)
  assert.is_false(ok)
  return err
end

describe('res:events', function()
  for _, size in ipairs { 1, 7, 4096 } do
    runs(('reads a stream that comes in pieces of %d'):format(size), function()
      local body = '\239\187\191: welcome\rid: 1\rdata: a\r\r' -- BOM, comment, CR
        .. 'event: add\ndata: b\ndata:  c\nid: 2\nid: x\0y\n\n' -- LF, several lines, id with a NUL
        .. 'retry: 250\r\nnonsense: 1\r\ndata: d\r\n\r\n' -- CRLF, retry
        .. 'data: never complete'
      local server = scripted { function(conn)
        conn:send(HEAD)
        for first = 1, #body, size do
          conn:send(body:sub(first, first + size - 1))
        end
      end }
      local res = assert(curl.stream(server.url))
      assert.same({
        { event = 'message', data = 'a', id = '1' },
        { event = 'add', data = 'b\n c', id = '2' },
        { event = 'message', data = 'd', id = '2', retry = 250 },
      }, collect(res:events()))
    end)
  end

  runs('gives each event as soon as it is complete', function()
    local go
    local server = scripted { function(conn)
      conn:send(HEAD .. 'data: first\n\ndata: sec')
      conn:wait(function(done) go = done end)
      conn:send('ond\n\n')
      conn:stall()
    end }
    local res = assert(curl.stream(server.url))
    local nextone = res:events()
    assert.equal('first', nextone().data)
    local timer = uv.new_timer()
    timer:start(50, 0, function()
      timer:close()
      go()
    end)
    local before = uv.hrtime()
    assert.equal('second', nextone().data)
    assert.is_true(uv.hrtime() - before > 40e6)
    res:close()
  end)

  it('are an iterator for `for`, which raises when the transfer fails', function()
    local server = scripted { 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n'
      .. 'Content-Length: 99\r\n\r\n'
      .. 'data: a\n\ndata: b\n\n' }
    local res = assert(curl.stream(server.url))
    local seen = {}
    local ok, err = pcall(function()
      for event in res:events() do
        seen[#seen + 1] = event.data
      end
    end)
    assert.same({ 'a', 'b' }, seen)
    assert.is_false(ok)
    assert.equal('PARTIAL_FILE', err.name)
  end)

  it('checks its options', function()
    local server = scripted { HEAD }
    local res = assert(curl.stream(server.url))
    assert.has_error(function() res:events { reconect = true } end,
      "unknown field of response:events 'reconect'; did you mean 'reconnect'?")
    assert.has_error(function() res:events { reconnect = 1 } end,
      'response:events.reconnect: expected a boolean, got number')
    assert.has_error(function() res:events { retry = -1 } end,
      'response:events.retry: expected a number of milliseconds, got -1')
    assert.has_error(function() res:events(true) end,
      'response:events: expected a table, got boolean')
  end)
end)

describe('res:events of an answer that is no event stream', function()
  it('says so, with the answer', function()
    for _, answer in ipairs {
      { { status = 404, body = 'no' }, 'HTTP_RETURNED_ERROR' },
      { { headers = { 'Content-Type: text/html' }, body = 'data: a\n\n' }, 'WEIRD_SERVER_REPLY' },
      { { body = 'data: a\n\n' }, 'WEIRD_SERVER_REPLY' },
    } do
      local server = scripted { fault.response(answer[1]) }
      local err = reason_of(assert(curl.stream(server.url)):events())
      assert.equal(answer[2], err.name)
      assert.equal(answer[1].status or 200, err.response.status)
    end
  end)

  runs('is an empty one for 204', function()
    local server = scripted { fault.response { status = 204 } }
    assert.is_nil(assert(curl.stream(server.url)):events()())
  end)
end)

describe('res:events with reconnect', function()
  runs('asks again with the last id, until the server says 204', function()
    local server = scripted {
      HEAD .. 'retry: 40\ndata: a\n\n',
      HEAD .. 'id: 7\ndata: b\n\nid: 8\ndata: lost',
      HEAD .. 'data: c\n\nid\n\n',
      HEAD,
      fault.response { status = 204 },
    }
    local res = assert(curl.stream(server.url))
    local list = collect(res:events { reconnect = true })
    assert.same({
      { event = 'message', data = 'a', id = '', retry = 40 },
      { event = 'message', data = 'b', id = '7' },
      { event = 'message', data = 'c', id = '7' },
    }, list)
    assert.same({
      { '*/*' }, { 'text/event-stream' }, { 'text/event-stream', '7' }, { 'text/event-stream' },
      { 'text/event-stream' },
    }, server.asked)
    for i = 2, 5 do
      local waited = server.at[i] - server.at[i - 1]
      assert.is_true(waited > 35 and waited < 2000, waited .. ' ms')
    end
    assert.same({ 200, server.url .. '/' }, { res.status, res.url })
  end)

  runs('keeps the request: headers, method and body', function()
    local seen = {}
    local function answer(conn)
      conn:send(HEAD .. 'data: ' .. #seen .. '\n\n')
    end
    local server = scripted { answer, answer, fault.response { status = 204 } }
    local session = curl.session { base_url = server.url, headers = { ['X-Mine'] = 'yes' } }
    helper.defer(function() session:close() end)
    local res = assert(session.stream('/x', {
      method = 'PUT', body = 'the body', headers = { Accept = 'text/plain' },
      on_response = function(one) seen[#seen + 1] = one.status end,
    }))
    assert.same({ '0', '1' }, data(collect(res:events { reconnect = true, retry = 1 })))
    assert.same({ 200, 200, 204 }, seen)
    assert.same({ 'the body', 'the body', 'the body' }, server.bodies)
    assert.same({ { 'text/plain' }, { 'text/event-stream' }, { 'text/event-stream' } },
      server.asked)
  end)

  runs('goes on after a reset, a stop in the middle and a refused connection', function()
    local server
    server = scripted {
      function(conn)
        conn:send(HEAD .. 'id: 1\ndata: a\n\ndata: in the mid')
        conn:sleep(20)
        conn:reset()
      end,
      function(conn) -- asked, and no answer
        conn:reset()
        server.tcp:close()
        server.tcp = nil
        local timer = uv.new_timer()
        timer:start(60, 0, function()
          timer:close()
          local again = uv.new_tcp()
          assert(again:bind('127.0.0.1', server.port))
          assert(again:listen(8, function()
            local tcp = uv.new_tcp()
            again:accept(tcp)
            tcp:write(HEAD .. 'data: b\n\n', function()
              tcp:close()
              again:close()
            end)
          end))
        end)
      end,
    }
    local res = assert(curl.stream(server.url))
    local list = collect(res:events { reconnect = true, retry = 20 }, 2)
    assert.same({ 'a', 'b' }, data(list))
    assert.equal('1', list[2].id)
    assert.equal('1', server.asked[2][2])
    res:close()
  end)

  runs('ends by close: while it reads, waits for an answer, or sleeps', function()
    local function closing(scripts, retry)
      local server = scripted(scripts)
      local res = assert(curl.stream(server.url))
      local nextone = res:events { reconnect = true, retry = retry }
      assert.equal('a', nextone().data)
      local timer = uv.new_timer()
      timer:start(60, 0, function()
        timer:close()
        res:close()
      end)
      local before = uv.hrtime()
      assert.is_nil(nextone())
      assert.is_true(uv.hrtime() - before < 2e9)
      assert.is_nil(nextone())
      return server.connections
    end
    local function stall(conn)
      conn:send(HEAD .. 'data: a\n\n')
      conn:stall()
    end
    assert.equal(1, closing({ stall }, 10))
    assert.equal(2, closing({ HEAD .. 'data: a\n\n', function(conn) conn:stall() end }, 10))
    assert.equal(1, closing({ HEAD .. 'data: a\n\n' }, 100000))
  end)

  it('raises what another try would not change', function()
    local STREAM = HEAD .. 'data: a\n\n'
    local function failing(scripts, request)
      local server = scripted(scripts)
      local res = assert(curl.stream(server.url, request or {}))
      local nextone = res:events { reconnect = true, retry = 1 }
      for _ = 2, #scripts do
        assert.equal('a', nextone().data)
      end
      local err = reason_of(nextone)
      assert.equal(#scripts, server.connections)
      return err
    end
    local err = failing { STREAM, fault.response { status = 503, body = 'no' } }
    assert.same({ 'HTTP_RETURNED_ERROR', 22, 503 }, { err.name, err.code, err.response.status })
    assert.equal('HTTP_RETURNED_ERROR: expected 200 and text/event-stream, the server answered 503 '
      .. 'and no Content-Type', tostring(err))
    err = failing { STREAM, fault.response { headers = { 'Content-Type: text/event-streams' } } }
    assert.same({ 'WEIRD_SERVER_REPLY', 8 }, { err.name, err.code })
    err = failing { fault.response { headers = { 'Content-Type: text/html' } } }
    assert.equal('WEIRD_SERVER_REPLY', err.name)
    err = failing({ HEAD .. ('x'):rep(1000) }, { max_body = 100 })
    assert.equal('FILESIZE_EXCEEDED', err.name)
  end)

  it('raises when the transfer is cancelled otherwise', function()
    local server = scripted { function(conn)
      conn:send(HEAD)
      conn:stall()
    end }
    local res = assert(curl.stream(server.url))
    local nextone = res:events { reconnect = true }
    res.transfer:cancel()
    assert.equal('ABORTED_BY_CALLBACK', reason_of(nextone).name)
  end)

  runs('takes a Content-Type with parameters and in any case', function()
    local head = 'HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream; charset=utf-8\r\n\r\n'
    local server = scripted { head .. 'data: a\n\n', fault.response { status = 204 } }
    local res = assert(curl.stream(server.url))
    assert.same({ 'a' }, data(collect(res:events { reconnect = true, retry = 1 })))
  end)

  it('refuses a body that cannot start anew', function()
    local server = scripted { HEAD }
    local chunks = { 'x' }
    local res = assert(curl.stream(server.url, {
      body = function() return table.remove(chunks) end,
    }))
    assert.has_error(function() res:events { reconnect = true } end,
      'response:events: the request cannot be sent again: its body cannot start anew')
    res:close()
  end)
end)
