-- What is told is the answer to the request, not one before it; and where there is none, that is an
-- error, however libcurl has it.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

local OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
local CHALLENGE = 'HTTP/1.1 401 No\r\nContent-Length: 0\r\n'
  .. 'WWW-Authenticate: Digest realm="x", nonce="a", qop="auth"\r\n\r\n'

-- One answer after another, each on the connection that there is; the last is the end of it.
local function answering(...)
  local answers, count = { ... }, 0
  return fault.serve(function(conn)
    while conn:head() do
      count = count + 1
      conn:send(answers[count] or '')
      if count >= #answers then
        return
      end
    end
  end)
end

local STARTS = {
  ['nothing'] = '',
  ['a part of the status line'] = 'HTTP/1',
  ['a status line that does not end'] = 'HTTP/1.1 200 OK',
  ['100'] = 'HTTP/1.1 100 Continue\r\n\r\n',
  ['103'] = 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n',
  ['100 and a part of a status line'] = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 20',
}

local REQUESTS = {
  ['GET'] = {},
  ['GET by HTTP/1.0'] = { http_version = '1.0' },
  ['GET that would be upgraded'] = { http_version = '2' },
  ['POST'] = { method = 'POST', body = 'data' },
  ['POST that waits for its 100'] = { method = 'POST', body = 'data', expect = true },
  ['GET with digest'] = { auth = { user = 'u', password = 'p', scheme = 'digest' } },
}

local function request_of(fields, url)
  local request = { url = url, timeout = 20000 }
  for name, value in pairs(fields) do
    request[name] = value
  end
  return request
end

-- Every way to ask tells the same.
local function is_error(fields, serve)
  local request = request_of(fields, serve().url)
  local res, err = curl.request(request)
  assert.is_nil(res, res and ('told as %s'):format(res.status))
  assert.is_true(err.name == 'GOT_NOTHING' or err.name == 'PARTIAL_FILE'
    or err.name == 'WEIRD_SERVER_REPLY', tostring(err))
  request.url = serve().url
  res, err = curl.stream(request)
  assert.is_nil(res and res:text())
  assert.is_true(res ~= nil or err.name ~= nil)
end

describe('a connection that ends', function()
  for what, start in pairs(STARTS) do
    for name, fields in pairs(REQUESTS) do
      runs(('after %s is an error: %s'):format(what, name), function()
        is_error(fields, function() return answering(start) end)
      end)
    end
    runs(('after %s is an error where a redirect has led'):format(what), function()
      is_error({}, function()
        local there = answering(start)
        return answering('HTTP/1.1 302 Go\r\nContent-Length: 0\r\nLocation: ' .. there.url
          .. '\r\n\r\n')
      end)
    end)
    runs(('after %s is an error where a challenge was answered'):format(what), function()
      is_error(REQUESTS['GET with digest'], function() return answering(CHALLENGE, start) end)
    end)
  end

  runs('after a challenge that nobody can answer is an answer', function()
    local res = assert(curl.get(answering(CHALLENGE).url))
    assert.equal(401, res.status)
    res = assert(curl.get(answering(CHALLENGE:gsub('Digest.-\r\n', 'Basic realm="x"\r\n')).url,
      { auth = 'u:p' }))
    assert.equal(401, res.status)
    res = assert(curl.get(answering(CHALLENGE, CHALLENGE).url,
      { auth = { user = 'u', password = 'p', scheme = 'digest' } }))
    assert.equal(401, res.status)
  end)

  runs('after a switch that was asked for is an answer', function()
    local res = assert(curl.get(answering(
      'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello').url,
      { headers = { upgrade = 'x', connection = 'Upgrade' } }))
    assert.same({ 101, 'hello' }, { res.status, res.body })
  end)
end)

describe('a request with a body that is not challenged', function()
  -- libcurl asks without the body at first; the server counts.
  local function counting(statuses)
    local server
    server = fault.serve(function(conn)
      while true do
        local request = conn:request()
        if not request then
          return
        end
        server.seen[#server.seen + 1] = request.body
        local number = #server.seen
        conn:send(fault.response { status = statuses[number], body = 'answer ' .. number,
          headers = { 'X-Number: ' .. number } })
      end
    end)
    server.seen = {}
    return server
  end

  local SCHEMES = { 'digest', 'ntlm', 'any' }
  local BODIES = {
    ['a string'] = function() return 'data' end,
    ['a function'] = function()
      local left
      return { read = function()
        left = (left or 2) - 1
        return left == 1 and 'data' or nil
      end, rewind = function() left = nil end }
    end,
  }

  for _, scheme in ipairs(SCHEMES) do
    for _, method in ipairs { 'POST', 'PUT', 'PATCH' } do
      for what, body in pairs(BODIES) do
        runs(('is answered once: %s, %s, %s'):format(scheme, method, what), function()
          local server = counting { 200, 500, 200, 201 }
          local request = { url = server.url, method = method, body = body(), timeout = 20000,
            auth = { user = 'u', password = 'p', scheme = scheme } }
          local heads = {}
          request.on_response = helper.expect(1, function(res) heads[1] = res.status end)
          local res = assert(curl.request(request))
          local last = #server.seen
          assert.equal('data', server.seen[last])
          assert.same({ last == 2 and 500 or 200, heads[1], tostring(last), 'answer ' .. last },
            { res.status, res.status, res.headers['x-number'], res.body })
          assert.equal(0, #tostring(res.trailers))
        end)
      end
    end
  end

  runs('is told to a stream as it came', function()
    local server = counting { 200, 403 }
    local res = assert(curl.stream(server.url, { method = 'POST', body = 'data', timeout = 20000,
      auth = { user = 'u', password = 'p', scheme = 'digest' } }))
    assert.same({ 403, '2', 'answer 2' }, { res.status, res.headers['x-number'], res:text() })
  end)

  runs('is an answer without a body, too', function()
    local server = counting { 204, 204 }
    local res = assert(curl.post(server.url, { body = 'data', timeout = 20000,
      auth = { user = 'u', password = 'p', scheme = 'digest' } }))
    assert.same({ 204, '2' }, { res.status, res.headers['x-number'] })
  end)

  runs('is an error when the second connection breaks', function()
    local server = answering('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 'HTTP/1')
    local res, err = curl.post(server.url, { body = 'data', timeout = 20000,
      auth = { user = 'u', password = 'p', scheme = 'digest' } })
    assert.is_nil(res)
    assert.equal('GOT_NOTHING', err.name)
  end)
end)

describe('an answer', function()
  runs('that is whole stays one', function()
    for _, fields in pairs(REQUESTS) do
      local res = assert(curl.request(request_of(fields, fault.serve(OK).url)))
      assert.same({ 200, 'ok' }, { res.status, res.body })
    end
  end)
end)
