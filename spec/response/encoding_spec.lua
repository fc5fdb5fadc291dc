-- Compressed bodies: gzip, deflate, brotli and zstd are undone, and what they become is limited.

local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local nginx, httpbin = servers.nginx, servers.httpbin

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

local function plain_text()
  return process.read_file(nginx.root .. '/text.txt')
end

-- A frame with one raw block (RFC 8878): what no server of ours makes.
local function zstd(text)
  assert(#text < 256)
  local block = #text * 8 + 1
  return '\40\181\47\253'
    .. string.char(0x20, #text, block % 256, math.floor(block / 256), 0) .. text
end

local function encoded(coding, bytes)
  return echo.serve(function()
    return { headers = { 'Content-Encoding: ' .. coding }, body = bytes }
  end)
end

-- As a program packs it.
local function packed(packer, text)
  local path = os.tmpname()
  process.write_file(path, text)
  local pipe = assert(io.popen(("%s <'%s'"):format(packer, path), 'r'))
  local bytes = pipe:read('*a')
  pipe:close()
  os.remove(path)
  return bytes
end

describe('accept_encoding', function()
  runs('asks for all that can be undone', function()
    local server = echo.serve()
    assert(curl.get(server.url))
    assert(curl.get(server.url, { accept_encoding = true }))
    assert(curl.get(server.url, { accept_encoding = 'gzip' }))
    assert(curl.get(server.url, { accept_encoding = false }))
    local all = server.asked[1].headers['accept-encoding']
    assert.equal('deflate, gzip, br, zstd', all)
    assert.equal(all, server.asked[2].headers['accept-encoding'])
    assert.equal('gzip', server.asked[3].headers['accept-encoding'])
    assert.is_nil(server.asked[4].headers['accept-encoding'])
  end)

  runs('undoes gzip and brotli of nginx', function()
    local text = plain_text()
    for _, coding in ipairs { 'gzip', 'br' } do
      local res = assert(curl.get(nginx.url .. '/text', { accept_encoding = coding }))
      assert.equal(coding, res.headers['content-encoding'])
      assert.is_true(res.body == text)
      assert.is_true(res:info('size_download_t') < #text / 10)
    end
  end)

  runs('undoes gzip, deflate and brotli of httpbin', function()
    for path, word in pairs { gzip = 'gzipped', deflate = 'deflated', brotli = 'brotli' } do
      local res = assert(curl.get(httpbin.url .. '/' .. path))
      assert.matches(('"%s": ?true'):format(word), res.body)
    end
  end)

  runs('undoes zstd', function()
    local server = encoded('zstd', zstd('hello zstd'))
    assert.equal('hello zstd', assert(curl.get(server.url)).body)
  end)

  runs('undoes codings one after the other', function()
    local server = encoded('zstd, zstd', zstd(zstd('twice')))
    assert.equal('twice', assert(curl.get(server.url)).body)
  end)

  runs('undoes members of gzip that follow each other, and zeros behind them', function()
    local one, two = packed('gzip -c', 'one '), packed('gzip -c', 'two')
    local server = encoded('x-gzip', one .. two .. ('\0'):rep(600))
    assert.equal('one two', assert(curl.get(server.url)).body)
  end)

  runs('leaves a body as it came where options.http_content_decoding says so', function()
    local server = encoded('zstd', zstd('as it is'))
    local res = assert(curl.get(server.url, { options = { http_content_decoding = false } }))
    assert.equal(zstd('as it is'), res.body)
    assert.is_truthy(server.asked[1].headers['accept-encoding'])
  end)

  runs('= false leaves a body as it came', function()
    local server = encoded('zstd', zstd('as it is'))
    assert.equal(zstd('as it is'), assert(curl.get(server.url, { accept_encoding = false })).body)
    assert.is_true(plain_text()
      == assert(curl.get(nginx.url .. '/text', { accept_encoding = false })).body)
  end)

  runs('undoes what is streamed', function()
    local parts = {}
    local res = assert(curl.get(nginx.url .. '/text', {
      on_data = function(chunk) parts[#parts + 1] = chunk end,
    }))
    assert.is_nil(res.body)
    assert.is_true(table.concat(parts) == plain_text())
  end)
end)

describe('a wrong encoding', function()
  local function assert_refused(coding, bytes, phase, name)
    local server = encoded(coding, bytes)
    local res, err = curl.get(server.url)
    assert.is_nil(res)
    assert.same({ name or 'BAD_CONTENT_ENCODING', phase or 'body' }, { err.name, err.phase })
  end

  runs('is an error', function()
    assert_refused('gzip', 'this is not gzip at all')
    assert_refused('br', ('\255'):rep(50))
    assert_refused('zstd', 'this is not zstd at all')
  end)

  runs('that nobody knows leaves the bytes as they came', function()
    for _, coding in ipairs { 'utf-8', 'aws-chunked', 'gzip, no-such-coding' } do
      local server = encoded(coding, 'whatever')
      assert.equal('whatever', assert(curl.get(server.url)).body)
    end
  end)

  runs('of a body that was cut short is one too', function()
    for coding, packer in pairs { gzip = 'gzip -c', br = 'brotli -c', zstd = 'zstd -qc' } do
      local bytes = packed(packer, ('some text, '):rep(1000))
      for _, size in ipairs { 1, math.floor(#bytes / 2), #bytes - 1 } do
        assert_refused(coding, bytes:sub(1, size), 'body', 'PARTIAL_FILE')
      end
    end
    assert.equal('', assert(curl.get(encoded('gzip', '').url)).body)
  end)

  runs('of endless layers is one too', function()
    assert_refused(('gzip, '):rep(20) .. 'gzip', 'x', 'wait') -- by its headers already
  end)
end)

describe('max_body', function()
  runs('counts what a body becomes', function()
    local size = #plain_text()
    local url = nginx.url .. '/text'
    assert.equal(size, #assert(curl.get(url, { max_body = size })).body)
    for _, coding in ipairs { 'gzip', 'br' } do
      local res, err = curl.get(url, { max_body = size - 1, accept_encoding = coding })
      assert.is_nil(res)
      assert.same({ 'FILESIZE_EXCEEDED', 'body' }, { err.name, err.phase })
    end
  end)

  runs('stops a bomb early', function()
    local start = helper.uv.hrtime()
    local res, err = curl.get(nginx.url .. '/bomb', { max_body = 2 ^ 20 })
    assert.is_nil(res)
    assert.equal('FILESIZE_EXCEEDED', err.name)
    assert.equal('the body is larger than max_body (1048576 bytes)', err.message)
    -- All of it would be 10 GiB.
    assert.is_true((helper.uv.hrtime() - start) / 1e9 < 2)
  end)

  runs('stops a bomb that is streamed', function()
    local received = 0
    local res, err = curl.get(nginx.url .. '/bomb', {
      max_body = 2 ^ 20,
      on_data = function(chunk) received = received + #chunk end,
    })
    assert.is_nil(res)
    assert.equal('FILESIZE_EXCEEDED', err.name)
    assert.is_true(received <= 2 ^ 20)
  end)
end)

describe('a collected body without max_body', function()
  local mib = 2 ^ 20
  local function zeros(packer, size)
    local pipe = assert(io.popen(('head -c %d /dev/zero | %s'):format(size, packer), 'r'))
    local bytes = pipe:read('*a')
    pipe:close()
    return bytes
  end

  for coding, packer in pairs { gzip = 'gzip -c', br = 'brotli -c' } do
    runs('is refused when it unfolds without reason: ' .. coding, function()
      local res, err = curl.get(encoded(coding, zeros(packer, 300 * mib)).url)
      assert.is_true(res == nil) -- shown by a failure, it would be 300 MiB
      assert.same({ 'FILESIZE_EXCEEDED', 'body' }, { err.name, err.phase })
      assert.equal('the body unfolds to more than 64 MiB and 100 times what was sent; '
        .. 'max_body allows more', err.message)
    end)

    runs('may be large where the script says so: ' .. coding, function()
      local url = encoded(coding, zeros(packer, 80 * mib)).url
      assert.equal(80 * mib, #assert(curl.get(url, { max_body = 100 * mib })).body)
      assert.equal(60 * mib, #assert(curl.get(encoded(coding, zeros(packer, 60 * mib)).url)).body)
    end)
  end
end)

describe('a Transfer-Encoding', function()
  runs('is undone where it was asked for, before the content is', function()
    local bytes = packed('gzip -c', zstd('twice'))
    local server = echo.serve(function()
      return 'HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\n'
        .. ('Transfer-Encoding: gzip, chunked\r\n\r\n%x\r\n'):format(#bytes)
        .. bytes .. '\r\n0\r\n\r\n' -- Lua 5.1's %s ends at a zero
    end)
    local res = assert(curl.get(server.url, { options = { transfer_encoding = true } }))
    assert.equal('twice', res.body)
    assert.matches('gzip', server.asked[1].headers.te)
  end)
end)
