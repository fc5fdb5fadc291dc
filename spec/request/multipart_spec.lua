-- Forms with files, as a server takes them apart.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local uv = helper.uv
local post = servers.httpbin.url .. '/post'

local EVERY_BYTE = {}
for byte = 0, 255 do EVERY_BYTE[byte + 1] = string.char(byte) end
EVERY_BYTE = table.concat(EVERY_BYTE)

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

-- What httpbin read of a form.
local function posted(multipart)
  local res = assert(curl.post(post, { multipart = multipart }))
  assert.equal(200, res.status)
  return assert(res:json())
end

-- The whole request as it came over the wire, and its answer.
local function raw(request)
  local seen
  local server = fault.serve(function(conn)
    seen = conn:request()
    conn:send(fault.response { body = 'ok' })
    conn:stall()
  end)
  request.url = server.url .. '/'
  assert(curl.post(request))
  return seen
end

local function temporary(content)
  local fd, path = uv.fs_mkstemp(uv.os_tmpdir() .. '/luvcurl-form-XXXXXX')
  uv.fs_write(fd, content, 0)
  uv.fs_close(fd)
  helper.defer(function() uv.fs_unlink(path) end)
  return path
end

local function source(...)
  local chunks, n = { ... }, 0
  return function()
    n = n + 1
    return chunks[n]
  end
end

describe('multipart', function()
  runs('sends fields by name', function()
    local got = posted { a = 'one', b = 2 }
    assert.same({ a = 'one', b = '2' }, got.form)
  end)

  runs('keeps the order of a list, and names that repeat', function()
    local seen = raw { multipart = { { name = 'z', data = '1' }, { name = 'a', data = '2' },
      { name = 'z', data = '3' } } }
    local names = {}
    for name in seen.body:gmatch('name="(.-)"') do names[#names + 1] = name end
    assert.same({ 'z', 'a', 'z' }, names)
  end)

  runs('sends files from memory with name and type', function()
    local seen = raw { multipart = { { name = 'f', data = EVERY_BYTE, filename = 'all.bin',
      type = 'application/x-all' } } }
    assert.truthy(seen.body:find('name="f"; filename="all.bin"', 1, true))
    assert.truthy(seen.body:find('Content-Type: application/x-all', 1, true))
    assert.truthy(seen.body:find('\r\n\r\n' .. EVERY_BYTE .. '\r\n', 1, true))
  end)

  runs('sends files from disk, their size known', function()
    local content = EVERY_BYTE:rep(4000)
    local path = temporary(content)
    local seen = raw { multipart = { f = { file = path } } }
    assert.equal(#seen.body, tonumber(seen.headers['content-length']))
    assert.truthy(seen.body:find(('filename="%s"'):format(path:match('[^/]*$')), 1, true))
    local _, start = seen.body:find('\r\n\r\n', 1, true)
    assert.is_true(seen.body:sub(start + 1, start + #content) == content)
  end)

  runs('sends several streams one after the other', function()
    local path = temporary('from a file')
    local got = posted {
      { name = 'a', body = source('fr', 'om a ', 'function') },
      { name = 'b', file = path, filename = 'b.txt' },
      { name = 'c', body = source('last'), size = 4 },
      { name = 'd', data = 'memory' },
    }
    assert.same({ a = 'from a function', c = 'last', d = 'memory' }, got.form)
    assert.same({ b = 'from a file' }, got.files)
  end)

  runs('nests parts, with headers and encodings of their own', function()
    local seen = raw { multipart = { { name = 'outer', parts = {
      { data = 'inner', headers = { ['X-Part'] = 'yes' } },
      { data = 'binary\0', encoder = 'base64' },
    } } } }
    assert.truthy(seen.body:find('Content-Type: multipart/mixed', 1, true))
    assert.truthy(seen.body:find('X-Part: yes', 1, true))
    assert.truthy(seen.body:find('YmluYXJ5AA==', 1, true))
  end)

  runs('sends files anew for a redirect that keeps the method', function()
    local got
    local content = ('again'):rep(50000)
    local path = temporary(content)
    local server
    server = fault.serve(function(conn)
      for _ = 1, 2 do
        local request = conn:request()
        if not request then return end
        if request.path == '/first' then
          conn:send('HTTP/1.1 307 Again\r\nLocation: /second\r\nContent-Length: 0\r\n\r\n')
        else
          got = request.body
          conn:send(fault.response { body = 'ok' })
        end
      end
    end)
    local res = assert(curl.post(server.url .. '/first', { multipart = { f = { file = path } } }))
    assert.equal(200, res.status)
    assert.truthy(got:find(content, 1, true))
  end)

  runs('says why a function cannot be sent anew', function()
    local server = fault.serve(function(conn)
      conn:request()
      conn:send('HTTP/1.1 307 Again\r\nLocation: /second\r\nContent-Length: 0\r\n\r\n')
      conn:stall()
    end)
    local res, err = curl.post(server.url .. '/', { multipart = { f = { body = source('once') } } })
    assert.is_nil(res)
    assert.equal('SEND_FAIL_REWIND', err.name)
    assert.matches('cannot start again', err.message)
  end)

  runs('fails with the error of a source', function()
    local function broken() error('no more') end
    local res, err = curl.post(post, { multipart = { f = { body = broken } } })
    assert.is_nil(res)
    assert.equal('ABORTED_BY_CALLBACK', err.name)
    assert.matches('no more', err.message)
  end)

  runs('fails when a file is not there, or a source does not keep to its size', function()
    local function failed(part)
      local res, err = curl.post(post, { multipart = { f = part }, timeout = 2000 })
      assert.is_nil(res)
      return err
    end
    local err = failed { file = '/no/such/file' }
    assert.same({ 'FILE_COULDNT_READ_FILE', 'queue' }, { err.name, err.phase })
    assert.matches('ENOENT', err.message)
    err = failed { file = temporary('abc'), size = 5 }
    assert.matches('it has 3 bytes, the request says 5', err.message)
    err = failed { body = source('abc'), size = 5 }
    assert.equal('the body is shorter than its Content-Length of 5 bytes', err.message)
  end)

  it('refuses what it does not understand', function()
    local function refused(pattern, multipart)
      assert.error_matches(function()
        curl.post(post, { multipart = multipart }, function() end)
      end, pattern)
    end
    refused('request%.multipart: expected at least one part', {})
    refused("request%.multipart%[1%].*'filname'.*'filename'", { { filname = 'x', data = '' } })
    refused('request%.multipart%.a: expected one of data, body, file and parts', { a = {} })
    refused('data and file exclude each other', { a = { data = '', file = 'x' } })
    refused('request%.multipart%.a%.file: expected a string, got boolean', { a = { file = true } })
    refused('request%.multipart%.a%.data: expected a string', { a = true })
    refused('encoder', { a = { data = '', encoder = 'rot13' } })
  end)
end)
