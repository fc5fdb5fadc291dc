-- Bodies that have to be sent a second time: for redirects, challenges, refused expectations and
-- kept connections that turn out to be dead.

local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local nginx, httpbin = servers.nginx, servers.httpbin

local function runs(name, test)
  it(name, function() helper.run(test, 20000) end)
end

local NO_REWIND = 'the body has to be sent anew (a redirect, a challenge or a lost connection), '
  .. 'and its source cannot start again'
local big = process.read_file(nginx.root .. '/1m')

-- A function that gives `bytes` in pieces, and can start again when it has a `rewind`.
local function pieces(bytes, size)
  local at, rewound = 1, 0
  local one = { count = function() return rewound end }
  function one.read()
    local piece = bytes:sub(at, at + size - 1)
    at = at + size
    return piece ~= '' and piece or nil
  end
  function one.rewind()
    at, rewound = 1, rewound + 1
  end
  return { read = one.read, rewind = one.rewind }, one.count
end

-- The same bytes in each of the shapes that can be sent anew.
local function shapes(bytes)
  local function rewindable(size)
    return function()
      local body = pieces(bytes, 30000)
      body.size = size
      return body
    end
  end
  return {
    bytes = function() return bytes end,
    file = function() return { file = folder.new():write('body', bytes) } end,
    ['function'] = rewindable(nil),
    ['sized function'] = rewindable(#bytes),
  }
end

-- Answers /from by a redirect to /to, and tells what it got there.
local function redirecting(status)
  return echo.serve(function(request)
    if request.path == '/from' then
      return { status = status, headers = { 'Location: /to' } }
    end
    return { body = request.method .. ' ' .. request.body }
  end)
end

describe('a redirect has the body sent anew', function()
  for _, status in ipairs { 307, 308 } do
    for shape, make in pairs(shapes(big)) do
      runs(('by %d: %s'):format(status, shape), function()
        local server = redirecting(status)
        local res = assert(curl.put(server.url .. '/from', { body = make() }))
        assert.is_true(res.body == 'PUT ' .. big)
        assert.is_true(server.asked[1].body == big and server.asked[2].body == big)
      end)
    end
  end

  runs('but not when it is a mere function', function()
    local server = redirecting(307)
    local res, err = curl.put(server.url .. '/from', { body = pieces('ab', 1).read })
    assert.is_nil(res)
    assert.same({ 'SEND_FAIL_REWIND', NO_REWIND }, { err.name, err.message })
    assert.equal('ab', server.asked[1].body)
    assert.is_nil(server.asked[2])
  end)

  runs('every file of a form', function()
    local dir, server = folder.new(), redirecting(307)
    local parts, expected = {}, {}
    for i = 1, 3 do
      expected[i] = ('%d'):format(i):rep(200000)
      parts[i] = { name = 'f' .. i, file = dir:write('f' .. i, expected[i]) }
    end
    assert(curl.post(server.url .. '/from', { multipart = parts }))
    for _, request in ipairs(server.asked) do
      for i = 1, 3 do
        assert.truthy(request.body:find('\r\n\r\n' .. expected[i] .. '\r\n', 1, true))
      end
      assert.equal(tostring(#request.body), request.headers['content-length'])
    end
    assert.equal(2, #server.asked)
  end)

  -- The answer comes while the function still looks for its second piece: what it finds then
  -- belongs to nobody.
  runs('while its function waits', function()
    local calls, rewound = 0, 0
    local server = fault.serve(function(conn)
      local head = conn:head()
      if head.path == '/from' then
        local sent = conn.buffer
        while not sent:find('first ', 1, true) do sent = sent .. assert(conn:read()) end
        conn:send('HTTP/1.1 307 Elsewhere\r\nLocation: /to\r\nContent-Length: 0\r\n'
          .. 'Connection: close\r\n\r\n')
        return conn:stall()
      end
      conn:send(fault.response { body = conn:body(head) })
    end)
    local res = assert(curl.put(server.url .. '/from', { expect = false, body = {
      read = function()
        calls = calls + 1
        if calls == 2 then
          helper.sleep(150)
          return 'stale'
        end
        return ({ 'first ', nil, 'anew ', 'and all' })[calls]
      end,
      rewind = function() rewound = rewound + 1 end,
    } }))
    assert.same({ 'anew and all', 1, 5 }, { res.body, rewound, calls })
  end)

  runs('and tells when the function that should start again cannot', function()
    local server = redirecting(307)
    local body = pieces('ab', 1)
    body.rewind = function() error('the tape is torn') end
    local res, err = curl.put(server.url .. '/from', { body = body })
    assert.is_nil(res)
    assert.equal('ABORTED_BY_CALLBACK', err.name)
    assert.matches('the tape is torn', err.message)
  end)
end)

describe('a digest challenge has the body sent anew', function()
  local auth = { user = 'me', password = 'secret', scheme = 'digest' }
  for shape, make in pairs(shapes(big)) do
    runs(shape, function()
      local server = echo.serve(function(request)
        if not request.headers.authorization then
          return { status = 401, headers = {
            'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth", algorithm=MD5' } }
        end
        return { body = request.body }
      end)
      local session = curl.session { auth = auth, redirects = false }
      local res = assert(session.put(server.url, { body = make() }))
      session:close()
      assert.is_true(res.body == big)
      assert.equal(2, #server.asked)
      assert.matches('^Digest username="me"', server.asked[2].headers.authorization)
    end)
  end

  runs('as a real server wants it', function()
    local url = httpbin.url .. '/digest-auth/auth/me/secret'
    assert.equal(200, assert(curl.get(url, { auth = auth })).status)
  end)
end)

describe('an expectation that is refused', function()
  for shape, make in pairs(shapes(big)) do
    runs('is dropped, and only the second answer counts: ' .. shape, function()
      local heads, final = {}, 0
      local server = fault.serve(function(conn)
        for _ = 1, 2 do
          local head = conn:head()
          heads[#heads + 1] = head
          if head.headers.expect then
            conn:send(fault.response { status = 417, headers = { 'X-Try: 1' }, body = 'no' })
          else
            conn:send(fault.response { headers = { 'X-Try: 2' }, body = conn:body(head) })
          end
        end
      end)
      local res = assert(curl.put(server.url, { body = make(), expect = true,
        on_response = function(res)
          final = final + 1
          assert.same({ 200, '2' }, { res.status, res.headers['x-try'] })
        end }))
      assert.same({ 200, '2', 1, 0 }, { res.status, res.headers['x-try'], final, #res.history })
      assert.is_true(res.body == big)
      assert.same({ 2, '100-continue' },
        { #heads, heads[1].headers.expect, heads[2].headers.expect })
    end)
  end

  runs('is an answer like others where there was none', function()
    local server = echo.serve(function() return { status = 417, body = 'no' } end)
    local res = assert(curl.get(server.url))
    assert.same({ 417, 'no' }, { res.status, res.body })
  end)
end)

-- A server that ends a connection, by `how`, when the second request comes over it; in all
-- `times` of them.
local function dying(how, times)
  local died = 0
  return fault.serve(function(conn)
    local count, head = 1, conn:head()
    while head do
      if count > 1 and died < times then
        died = died + 1
        return how(conn)
      end
      conn:send(fault.response { body = tostring(#conn:body(head)) })
      count, head = count + 1, conn:head()
    end
  end)
end

-- Waits until some of the body is there; it may have come with the head.
local function part(conn)
  if conn.buffer == '' then
    conn:read()
  end
end

local ENDS = {
  closed = function(conn) conn:close() end,
  reset = function(conn) conn:reset() end,
  ['closed after a part of the body'] = function(conn)
    part(conn)
    conn:close()
  end,
  ['reset after a part of the body'] = function(conn)
    part(conn)
    conn:reset()
  end,
  ['reset some time later'] = function(conn)
    conn:sleep(30)
    conn:reset()
  end,
}

-- The answer to a body over a connection that was kept.
local function over_kept(server, body)
  local session = curl.session {}
  assert.equal('0', assert(session.get(server.url)).body)
  local res, err = session.put(server.url, { body = body, expect = false })
  session:close()
  return res, err
end

describe('a kept connection that turns out to be dead', function()
  for _, bytes in ipairs { big:sub(1, 5000), big:rep(10) } do
    for how, ending in pairs(ENDS) do
      for shape, make in pairs(shapes(bytes)) do
        runs(('(%s) has %d bytes sent anew: %s'):format(how, #bytes, shape), function()
          local server = dying(ending, 1)
          local res, err = over_kept(server, make())
          assert.is_nil(err)
          assert.equal(tostring(#bytes), res.body)
          assert.equal(2, server.connections)
        end)
      end
    end

    runs(('cannot have %d bytes of a mere function sent anew'):format(#bytes), function()
      local server = dying(ENDS['reset after a part of the body'], 1)
      local res, err = over_kept(server, pieces(bytes, 30000).read)
      assert.is_nil(res)
      assert.same({ 'SEND_FAIL_REWIND', NO_REWIND }, { err.name, err.message })
      assert.equal(1, server.connections)
    end)
  end

  runs('is no reason to try a new one twice', function()
    local count = 0
    local server = fault.serve(function(conn)
      count = count + 1
      conn:head()
      if count == 1 then
        conn:send(fault.response {})
        conn:head()
      end
      conn:close()
    end)
    local session = curl.session {}
    assert(session.get(server.url))
    local res, err = session.put(server.url, { body = big:rep(10), expect = false })
    assert.is_nil(res)
    assert.same({ 2, 'send' }, { server.connections, err.phase })
    session:close()
  end)
end)
