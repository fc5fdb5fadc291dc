-- Bodies that are sent: bytes, functions, luv streams and files, compared byte for byte with what
-- real servers got. (Sources that fail, and bodies sent anew: upload_source_spec.lua.)

local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local uv = helper.uv
local nginx, httpbin, nghttpd = servers.nginx, servers.httpbin, servers.nghttpd
local certs = servers.certs

local KB = 1024

local function runs(name, test, ms)
  it(name, function() helper.run(test, ms) end)
end

-- A test whose limits are times.
local function timed(name, test)
  it(name, helper.timed(function() helper.run(test) end))
end

-- Every byte value in an order that no piece of a body repeats: a shifted or doubled piece shows.
local function pattern(size)
  local block = process.read_file(nginx.root .. '/1m')
  return block:sub(1, size)
end

-- A luv stream out of which `bytes` come.
local function pipe_of(bytes)
  local path = folder.new():at('socket')
  local server, near, far = uv.new_pipe(false), uv.new_pipe(false), uv.new_pipe(false)
  assert(server:bind(path))
  assert(server:listen(1, function() server:accept(far) end))
  helper.await(function(done) near:connect(path, done) end)
  helper.wait_for(function() return far:is_readable() end)
  server:close()
  near:write(bytes, function()
    near:shutdown(function() near:close() end)
  end)
  helper.defer(function()
    if not far:is_closing() then
      far:close()
    end
  end)
  return far
end

-- A function that gives `bytes` in pieces of `size`.
local function pieces_of(bytes, size)
  local at = 1
  return function()
    local piece = bytes:sub(at, at + size - 1)
    at = at + size
    return piece ~= '' and piece or nil
  end
end

-- What a request says about the end of its body.
local function framing(request)
  return tostring(request.headers['content-length']) .. ' '
    .. tostring(request.headers['transfer-encoding']) .. ' '
end

-- Each kind of body for the same bytes, and whether its size is known before.
local KINDS = {
  { 'a string', true, function(bytes) return bytes end },
  { 'a function', false, function(bytes) return pieces_of(bytes, 10000) end },
  { 'a function that yields', false, function(bytes)
    local following = pieces_of(bytes, 40000)
    return function()
      helper.sleep(1)
      return following()
    end
  end },
  { 'a luv stream', false, pipe_of },
  { 'a file', true, function(bytes) return { file = folder.new():write('body', bytes) } end },
}

local SIZES = {
  0, 1, 256, 64 * KB - 1, 64 * KB, 64 * KB + 1, 256 * KB - 1, 256 * KB, 256 * KB + 1, 1024 * KB,
}

for _, kind in ipairs(KINDS) do
  local name, sized, make = (table.unpack or unpack)(kind)

  describe('a body that is ' .. name, function()
    runs('arrives at nginx byte for byte, whatever its size', function()
      for i, size in ipairs(SIZES) do
        local bytes = pattern(size)
        local file = ('upload-%s-%d'):format(name:gsub(' ', '-'), i)
        local res = assert(curl.put(nginx.url .. '/dav/' .. file, { body = make(bytes) }))
        assert.equal(201, res.status)
        local path = nginx.dav_dir .. '/' .. file
        assert.is_true(process.read_file(path) == bytes, size .. ' bytes differ')
        uv.fs_unlink(path)
      end
    end)

    runs('arrives at httpbin, in the way that fits', function()
      local bytes = pattern(100000)
      local res = assert(curl.post(httpbin.url .. '/anything', { body = make(bytes) }))
      local seen = assert(res:json())
      local encoded = seen.data:match('^data:application/octet%-stream;base64,(.*)$')
      assert.equal(#bytes, #encoded / 4 * 3 - #encoded:match('=*$'))
      assert.equal('POST', seen.method)
      assert.is_nil(seen.headers['Content-Type'])
      assert.equal(sized and '100000' or nil, seen.headers['Content-Length'])
      assert.equal(not sized and 'chunked' or nil, seen.headers['Transfer-Encoding'])
    end)

    runs('comes back from nghttpd, over HTTP/2', function()
      for _, size in ipairs { 1, 64 * KB, 1024 * KB } do
        local bytes = pattern(size)
        local res = assert(curl.post(nghttpd.url .. '/', {
          body = make(bytes), tls = { ca_file = certs.ca },
        }))
        assert.equal('2', res.http_version)
        assert.is_true(res.body == bytes)
      end
    end)

    runs('is as long as it says, chunked otherwise', function()
      local server = fault.serve(function(conn)
        while true do
          local request = conn:request()
          if not request then
            return
          end
          conn:send(fault.response { body = framing(request) .. #request.body })
        end
      end)
      for _, size in ipairs { 0, 1, 70000 } do
        local res = assert(curl.put(server.url, { body = make(pattern(size)) }))
        assert.equal(sized and ('%d nil %d'):format(size, size) or 'nil chunked ' .. size, res.body)
      end
    end)
  end)
end

describe('a body that nobody else holds', function()
  it('lives for as long as it is sent', function()
    local server = echo.serve(function() return { body = 'ok' } end)
    local m, size = curl.Multi:new { max_concurrent = 1 }, 10 * KB
    local function body(i) return ('%04d'):format(i):rep(size / 4) end
    for i = 1, 20 do
      m:add({ url = server.url .. '/' .. i, method = 'PUT', body = body(i) }, helper.expect(1))
    end
    helper.collect()
    local others = {}
    for i = 1, 200 do -- of the same size, so that they would take its place
      others[i] = body(9000 + i)
    end
    helper.wait_for(function() return m:count() == 0 and #others > 0 end)
    for i, request in ipairs(server.asked) do
      assert.is_true(request.body == body(i), 'another body was sent to ' .. request.path)
    end
    assert.equal(20, #server.asked)
  end)
end)

describe('Content-Length', function()
  runs('may be given for a source, which is then not chunked', function()
    local server = fault.serve(function(conn)
      local request = conn:request()
      conn:send(fault.response { body = framing(request) .. request.body })
    end)
    local res = assert(curl.put(server.url, {
      body = pieces_of('12345', 2), headers = { ['Content-Length'] = 5 },
    }))
    assert.equal('5 nil 12345', res.body)
  end)
end)

describe('expect', function()
  -- A server that notes whether the body came before its 100.
  local function waiting(ms)
    local seen = {}
    local server = fault.serve(function(conn)
      local request = conn:head()
      seen.expect = request.headers.expect
      conn:sleep(ms)
      conn:body(request)
      conn:send(fault.response { body = 'x' })
    end)
    return server.url, seen
  end

  runs('= true waits for the 100', function()
    local url, seen = waiting(0)
    local res = assert(curl.put(url, { body = 'small', expect = true }))
    assert.same({ 200, '100-continue' }, { res.status, seen.expect })
    -- and does not send what is refused
    local got = {}
    local server = fault.serve(function(conn)
      got.expect = conn:head().headers.expect
      conn:send(fault.response { status = 403, headers = { 'Connection: close' } })
      got.rest = conn.buffer .. (conn:read() or '')
    end)
    res = assert(curl.put(server.url, {
      expect = true, body = 'secret', options = { expect_100_timeout_ms = 5000 },
    }))
    assert.equal(403, res.status)
    helper.wait_for(function() return got.rest end)
    assert.same({ expect = '100-continue', rest = '' }, got)
  end)

  runs('= false sends none, however large the body', function()
    local url, seen = waiting(0)
    assert(curl.put(url, { body = pattern(1024 * KB):rep(2), expect = false }))
    assert.is_nil(seen.expect)
  end)

  runs('is not said by default, however large the body', function()
    local url, seen = waiting(0)
    assert(curl.put(url, { body = 'small' }))
    assert.is_nil(seen.expect)
    url, seen = waiting(0)
    assert(curl.put(url, { body = pattern(1024 * KB):rep(2) }))
    assert.is_nil(seen.expect)
    url, seen = waiting(0)
    assert(curl.post(url, { multipart = { a = pattern(1024 * KB):rep(2) } }))
    assert.is_nil(seen.expect)
    url, seen = waiting(0)
    assert(curl.post(url, { multipart = { a = 'small' }, expect = true }))
    assert.equal('100-continue', seen.expect)
  end)

  timed('gives up waiting after a second, or what the option says', function()
    local server = fault.serve(function(conn)
      local request = conn:head()
      request.headers.expect = nil -- never a 100
      local body = conn:body(request)
      conn:send(fault.response { body = tostring(#body) })
    end)
    local before = uv.hrtime()
    local res = assert(curl.put(server.url, {
      body = 'small', expect = true, options = { expect_100_timeout_ms = 100 },
    }))
    local ms = (uv.hrtime() - before) / 1e6
    assert.equal('5', res.body)
    assert.is_true(ms > 90 and ms < 900, ms .. ' ms')
  end)
end)
