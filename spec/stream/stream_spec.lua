-- curl.stream: bodies read as they come, and the same by the hooks on_response and on_data.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local uv = helper.uv
local nginx = servers.nginx

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

local function after(ms, fn)
  local timer = uv.new_timer()
  uv.update_time()
  timer:start(ms, 0, function()
    timer:close()
    fn()
  end)
end

-- COMPAT: PUC Lua 5.1 cannot yield inside a `for`'s iterator, hence no `for` in coroutines here.
local function collect(iterator)
  local list = {}
  for i = 1, math.huge do
    local item = iterator()
    if not item then
      return list
    end
    list[i] = item
  end
end

-- A stream of a body that the server sends in these pieces, 5 ms apart.
local function pieces(list, request)
  local server = fault.serve(function(conn)
    conn:request()
    conn:send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    for _, piece in ipairs(list) do
      conn:send(fault.chunk(piece))
      conn:sleep(5)
    end
    conn:send('0\r\n\r\n')
  end)
  return assert(curl.stream(server.url, request or {}))
end

local HALF = 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf'

describe('curl.stream', function()
  runs('returns when the headers are in', function()
    local server = fault.serve(function(conn)
      conn:request()
      conn:send('HTTP/1.1 201 Made\r\nX-A: b\r\nContent-Length: 3\r\n\r\n')
      conn:stall()
    end)
    local res = assert(curl.stream(server.url .. '/x'))
    assert.same({ 201, 'Made', 'b', '1.1', server.url .. '/x', true },
      { res.status, res.reason, res.headers['x-a'], res.http_version, res.url, res.ok })
    assert.is_nil(res.body)
    assert.equal('running', res.transfer:state())
    assert.equal('luvcurl.Response: 201 ' .. server.url .. '/x', tostring(res))
    res:close()
    assert.equal('done', res.transfer:state())
  end)

  runs('returns the error when there are none', function()
    local res, err = curl.stream((fault.refused()))
    assert.is_nil(res)
    assert.same({ 'COULDNT_CONNECT', 'connect' }, { err.name, err.phase })
  end)

  it('refuses on_data', function()
    assert.has_error(function() curl.stream(nginx.url, { on_data = print }) end,
      'curl.stream: read the response it returns, or use on_data with curl.request')
  end)

  runs('follows redirects and skips their bodies', function()
    local res = assert(curl.stream(nginx.url .. '/redirect/3'))
    assert.equal('arrived\n', res:text())
    assert.equal(3, #res.history)
  end)

  for _, name in ipairs { 'empty', '1b', '1k', '16k', '1m', '10m' } do
    runs('gives every byte of ' .. name, function()
      local res = assert(curl.stream(nginx.url .. '/' .. name))
      local body = table.concat(collect(res:chunks()))
      assert.is_true(process.read_file(nginx.root .. '/' .. name) == body)
      assert.is_nil(res:read())
      assert.equal('done', res.transfer:state())
    end)
  end

  for _, mark in ipairs { 1, 16384, 1048576 } do
    runs(('gives every byte with a high_water of %d'):format(mark), function()
      local res = assert(curl.stream(nginx.url .. '/1m', { high_water = mark }))
      assert.is_true(process.read_file(nginx.root .. '/1m') == res:text())
    end)
  end

  it('waits in the main chunk, for loops included', function()
    local res = assert(curl.stream(nginx.url .. '/1m'))
    local size = 0
    for chunk in res:chunks() do
      assert.is_true(#chunk > 0)
      size = size + #chunk
    end
    assert.equal(1048576, size)
  end)

  runs('is for one reader at a time', function()
    local res = pieces { 'a' }
    local co = coroutine.create(function() return res:text() end)
    helper.resume(co)
    assert.has_error(function() res:read() end, 'another coroutine is reading this response')
    helper.wait_for(function() return coroutine.status(co) == 'dead' end)
  end)
end)

describe('res:read', function()
  runs('gives what has come; nil at the end, again and again', function()
    local res = pieces { 'one', 'two' }
    local text = ''
    repeat
      local chunk = res:read()
      assert.not_equal('', chunk)
      text = text .. (chunk or '')
    until not chunk
    assert.equal('onetwo', text)
    assert.same({ n = 2 }, { n = select('#', res:read()), res:read() })
  end)

  runs('with a size gives exactly that many, fewer at the end', function()
    local res = pieces { 'ab', 'cdefg', 'h', 'ij' }
    assert.same({ 'abc', 'd', 'efghi', 'j' },
      { res:read(3), (res:read(1)), (res:read(5)), (res:read(5)) })
    assert.is_nil(res:read(5))
  end)

  runs('takes blocks of any size from a large body', function()
    local expected = process.read_file(nginx.root .. '/1m')
    for _, size in ipairs { 65536, 65537, 131071, 1048576, 2000000 } do
      local res = assert(curl.stream(nginx.url .. '/1m'))
      local at = 1
      while at <= #expected do
        local block = res:read(size)
        assert.is_true(block == expected:sub(at, at + size - 1))
        at = at + size
      end
      assert.is_nil(res:read(size))
    end
  end)

  runs('checks the size', function()
    local res = pieces { 'a' }
    for _, bad in ipairs { 0, -1, 1.5, 'x' } do
      assert.has_error(function() res:read(bad) end, 'response:read: expected a number of bytes, '
        .. '1 or more, got ' .. (bad == 'x' and 'string' or tostring(bad)))
    end
    assert.equal('a', res:text())
  end)
end)

describe('res:lines', function()
  runs('ends lines by LF and CRLF, however they are cut', function()
    local res = pieces { 'a\nb', 'b\r', '\n\n', 'c\rd\r\n\0e', '\255', '\nlast' }
    assert.same({ 'a', 'bb', '', 'c\rd', '\0e\255', 'last' }, collect(res:lines()))
  end)

  runs('tells a last line that is complete from one that is not', function()
    assert.same({ 'a' }, collect(pieces { 'a\n' }:lines()))
    assert.same({ 'a', '' }, collect(pieces { 'a\n\n' }:lines()))
    assert.same({ '' }, collect(pieces { '\n' }:lines()))
    assert.same({}, collect(pieces {}:lines()))
  end)

  runs('reads a real file', function()
    local lines = collect(assert(curl.stream(nginx.url .. '/text')):lines())
    assert.equal(1000, #lines)
    for _, line in ipairs(lines) do
      assert.equal('the quick brown fox jumps over the lazy dog', line)
    end
  end)

  runs('mixes with the other ways to read', function()
    local res = pieces { 'first\nsecond\nthird\nrest of it' }
    assert.equal('first', res:lines()())
    assert.equal('sec', res:read(3))
    assert.equal('ond', res:lines()())
    assert.equal('third\nrest', res:read(10))
    assert.equal(' of it', res:text())
  end)
end)

describe('res:text and res:json', function()
  runs('read what is left', function()
    local res = pieces { '#', '{"a"', ':[1,true]}' }
    assert.equal('#', res:read(1))
    assert.same({ a = { 1, true } }, res:json())
    assert.equal('', res:text())
  end)

  runs('tell what is wrong', function()
    local value, err = pieces { 'no json' }:json()
    assert.is_nil(value)
    assert.equal('INVALID_JSON', err.name)
    local server = fault.serve(function(conn)
      conn:request()
      conn:send(HALF)
    end)
    value, err = assert(curl.stream(server.url)):json()
    assert.is_nil(value)
    assert.equal('PARTIAL_FILE', err.name)
    value, err = assert(curl.stream(server.url)):text()
    assert.is_nil(value)
    assert.equal('PARTIAL_FILE', err.name)
  end)
end)

describe('a failure in the middle', function()
  local function broken()
    return fault.serve(function(conn)
      conn:request()
      conn:send(HALF)
      conn:sleep(20)
    end).url
  end

  runs('comes after the bytes that came before it', function()
    local res = assert(curl.stream(broken()))
    assert.equal('half', res:read())
    for _ = 1, 2 do
      local chunk, err = res:read()
      assert.is_nil(chunk)
      assert.same({ 'PARTIAL_FILE', 18, 'body' }, { err.name, err.code, err.phase })
    end
    res = assert(curl.stream(broken()))
    local chunk, err = res:read(8)
    assert.is_nil(chunk)
    assert.equal('PARTIAL_FILE', err.name)
  end)

  it('is raised by chunks and lines', function()
    for _, way in ipairs { 'chunks', 'lines' } do
      local res = assert(curl.stream(broken()))
      local ok, err = pcall(function()
        for _ in res[way](res) do end -- luacheck: ignore
      end)
      assert.is_false(ok)
      assert.equal('PARTIAL_FILE', err.name)
    end
  end)

  runs('names the timeout that ended it', function()
    local server = fault.serve(function(conn)
      conn:request()
      conn:send(HALF)
      conn:stall()
    end)
    local res = assert(curl.stream(server.url, { idle = 60 }))
    assert.equal('half', res:read())
    local chunk, err = res:read()
    assert.is_nil(chunk)
    assert.same({ 'OPERATION_TIMEDOUT', 'body' }, { err.name, err.phase })
    assert.matches('idle', err.message)
  end)

  runs('by close gives what had come, then says so', function()
    local server = fault.serve(function(conn)
      conn:request()
      conn:send(HALF)
      conn:stall()
    end)
    local res = assert(curl.stream(server.url))
    helper.sleep(50)
    res:close()
    res:close()
    assert.equal('half', res:read())
    local chunk, err = res:read()
    assert.is_nil(chunk)
    assert.equal('ABORTED_BY_CALLBACK', err.name)
    -- and while somebody waits
    res = assert(curl.stream(server.url))
    assert.equal('half', res:read())
    after(30, function() res:close() end)
    chunk, err = res:read()
    assert.is_nil(chunk)
    assert.equal('ABORTED_BY_CALLBACK', err.name)
    helper.wait_for(function() return next(server.open) == nil end)
  end)
end)
