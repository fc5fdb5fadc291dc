-- The examples of bodies, headers, control and timeouts do what their first lines say.

local curl = require 'luvcurl'
local child = require 'spec.support.child'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local uv, url = helper.uv, servers.nginx.url

local function example(name, ...)
  local result = child.run_file(uv.cwd() .. '/examples/' .. name, { args = { ... } })
  assert.is_false(result.late, result.err)
  assert.equal(0, result.signal, result.err)
  return result
end

local function succeeds(...)
  local result = example(...)
  assert.equal(0, result.code, result.err)
  return result
end

-- They are for the interpreters of Lua alone: they take arguments, and luv by its name.
if helper.host == 'nvim' or helper.host == 'luvi' then
  return
end

describe('examples:', function()
  local function runs(name, test)
    it(name, function() helper.run(test, child.DEADLINE) end)
  end

  runs('multipart.lua', function()
    local dir = folder.new()
    local result = succeeds('multipart.lua', servers.httpbin.url .. '/post',
      dir:write('a.txt', 'the first'), dir:write('b.txt', 'the second'))
    for _, text in ipairs { '"title":"Some files"', '"file":"the first"',
      '"note":"{\\"from\\":\\"luvcurl\\"}"', '"log":"one\\ntwo\\nthree\\n"' } do
      assert.truthy(result.out:find(text, 1, true), result.out)
    end
    assert.equal(1, example('multipart.lua', servers.httpbin.url .. '/post', dir:at('c')).code)
  end)

  runs('pipe.lua', function()
    local result = succeeds('pipe.lua', url .. '/1m', 'sha256sum', '-')
    local file = assert(io.popen(("sha256sum < '%s/1m'"):format(servers.nginx.root)))
    assert.equal(file:read('*a'), result.out)
    file:close()
    assert.equal('1048576 bytes\n', result.err)
    assert.equal(3, example('pipe.lua', url .. '/small', 'sh', '-c', 'cat; exit 3').code)
  end)

  runs('headers.lua', function()
    local server = fault.serve(function(conn)
      if conn:head().path == '/from' then
        conn:send(fault.response { status = 302, headers = { 'Location: /to', 'X-Hop: 1' } })
        conn:head()
      end
      conn:send('HTTP/1.1 103 Early Hints\r\nLink: </style>\r\n\r\nHTTP/1.1 200 OK\r\n'
        .. 'Transfer-Encoding: chunked\r\nX-Final: yes\r\n\r\n' .. fault.chunk('body')
        .. '0\r\nX-Sum: 42\r\n\r\n')
      conn:stall()
    end)
    local out = succeeds('headers.lua', server.url .. '/from').out
    local at = 1
    for _, line in ipairs { '302 ' .. server.url .. '/from', '  X-Hop: 1', 'in advance',
      '  Link: </style>', '200 ' .. server.url .. '/to', '  X-Final: yes', 'after the body',
      '  X-Sum: 42' } do
      local _, stop = out:find(line .. '\n', at, true)
      assert.truthy(stop, 'no ' .. line .. ' in its place in\n' .. out)
      at = stop
    end
  end)

  runs('control.lua', function()
    local result = succeeds('control.lua', url .. '/1m', 2 ^ 21)
    local seconds = tonumber(result.out:match('^1048576 bytes in ([%d.]+) s\n$'))
    assert.truthy(seconds, result.out)
    assert.is_true(seconds >= 0.3 and seconds < 5, result.out)
    result = succeeds('control.lua', url .. '/1g', 1e9, 1e6)
    local size = tonumber(result.out:match('^(%d+) bytes'))
    assert.is_true(size >= 1e6 and size < 3e6, result.out)
    assert.matches('ABORTED_BY_CALLBACK: the transfer was cancelled', result.out)
  end)

  runs('timeouts.lua', function()
    assert.matches('^200, 12 bytes, %d+ ms\n$', succeeds('timeouts.lua', url .. '/small').out)
    local result = example('timeouts.lua', fault.stalling().url)
    assert.equal(1, result.code)
    assert.equal('OPERATION_TIMEDOUT: idle: no byte of the body for 500 ms (in phase body)\n',
      result.out)
    result = example('timeouts.lua', fault.serve(function(conn) conn:stall() end).url)
    assert.equal('OPERATION_TIMEDOUT: first_byte: no response within 1500 ms (in phase wait)\n',
      result.out)
  end)

  -- Starts the proxy before a backend; gives its URL, and what it says on stderr.
  local function proxy_of(backend)
    local out, errors, address, said = uv.new_pipe(false), uv.new_pipe(false), nil, {}
    local handle
    handle = assert(uv.spawn(uv.exepath(), { args = { uv.cwd() .. '/examples/proxy.lua', backend },
      env = child.environment {}, stdio = { nil, out, errors } }, function() handle:close() end))
    out:read_start(function(_, data) address = address or data end)
    errors:read_start(function(_, data) said[#said + 1] = data end)
    helper.defer(function()
      handle:kill('sigterm')
      out:close()
      errors:close()
    end)
    helper.wait_for(function() return address end)
    return address:match('%S+'):gsub('/$', ''), said
  end

  runs('proxy.lua hands on, and outlives those who vanish', function()
    local proxy = proxy_of(url)
    local body = assert(curl.get(proxy .. '/10m')).body
    assert.is_true(body == process.read_file(servers.nginx.root .. '/10m'))
    assert.equal(404, assert(curl.get(proxy .. '/missing')).status)

    local said
    local backend = fault.serve(function(conn)
      local path = conn:head().path
      conn:send('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nsome')
      if path == '/endless' then
        conn:flood(('x'):rep(65536))
      elseif path == '/silent' then
        conn:stall()
      end -- else breaks off
    end)
    proxy, said = proxy_of(backend.url)
    for _, path in ipairs { '/endless', '/silent' } do
      local res = assert(curl.stream(proxy .. path))
      assert(res:read())
      assert.truthy(next(backend.open))
      res:close() -- the client vanishes, and the backend has nobody to work for
      helper.wait_for(function() return next(backend.open) == nil end)
    end
    local _, err = curl.get(proxy .. '/half')
    assert.equal('PARTIAL_FILE', err and err.name)
    helper.wait_for(function() return table.concat(said):find('/half: PARTIAL_FILE', 1, true) end)
    backend:close()
    local res = assert(curl.get(proxy .. '/gone'))
    assert.equal(502, res.status)
    assert.matches('^COULDNT_CONNECT', res.body)
  end)
end)

-- So that none is forgotten.
it('every example is run by a spec', function()
  local scan = assert(uv.fs_scandir('examples'))
  local specs = ''
  for _, name in ipairs { 'examples_spec', 'examples_bodies_spec', 'examples_download_spec',
    'examples_together_spec' } do
    specs = specs .. process.read_file('spec/project/' .. name .. '.lua')
  end
  for name in function() return uv.fs_scandir_next(scan) end do
    assert.truthy(specs:find(name, 1, true), name)
  end
end)
