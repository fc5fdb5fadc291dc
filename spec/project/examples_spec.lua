-- Every example does what its first lines say, against local servers.

local child = require 'spec.support.child'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local host = helper.host
local uv = helper.uv
local url = servers.nginx.url

local function example(name, args, input, cwd)
  local result
  helper.run(function()
    result = child.run_file(uv.cwd() .. '/examples/' .. name, { args = args, input = input,
      cwd = cwd })
  end, child.DEADLINE)
  assert.is_false(result.late, result.err)
  assert.equal(0, result.signal, result.err)
  return result
end

local function succeeds(...)
  local result = example(...)
  assert.equal(0, result.code, result.err)
  return result
end

local function lines_of(text)
  local lines = {}
  for line in (text .. '\n'):gmatch('([^\n]*)\n') do
    lines[#lines + 1] = line
  end
  return lines
end

describe('poll-libcurl.lua', function()
  it('ends as luvit\'s does', function()
    local text = process.read_file('examples/poll-libcurl.lua')
    local lines = lines_of((text:gsub('\n$', '')))
    local n = #lines
    assert.equal('local m = Multi:new()', lines[n - 3])
    assert.equal('for i=1, 2 do', lines[n - 2])
    assert.matches('^  m:add%(.+%)$', lines[n - 1])
    assert.equal('end', lines[n])
  end)

  it('writes the bodies to stdout', function()
    local result = succeeds('poll-libcurl.lua', { url .. '/small' })
    assert.equal('hello world\nhello world\n', result.out)
    assert.equal('', result.err)
  end)

  it('writes large bodies whole', function()
    local result = succeeds('poll-libcurl.lua', { url .. '/1m' })
    local body = process.read_file(servers.nginx.root .. '/1m')
    assert.is_true(result.out == body .. body, 'wrong output of ' .. #result.out .. ' bytes')
  end)

  it('tells of a failure on stderr and by its status', function()
    local result = example('poll-libcurl.lua', { (fault.refused()) })
    assert.equal('', result.out)
    local _, count = result.err:gsub('luvcurl: COULDNT_CONNECT: [^\n]*127%.0%.0%.1', '')
    assert.equal(2, count, result.err)
    assert.equal(1, result.code)
  end)
end)

-- The others are for the interpreters of Lua alone: they take arguments, and luv by its name.
if host ~= 'nvim' and host ~= 'luvi' then
  describe('examples:', function()
    it('get.lua', function()
      local result = succeeds('get.lua', { url .. '/small' })
      assert.matches('^HTTP/1%.1 200 OK\n', result.out)
      assert.matches('\nContent%-Type: text/plain\n', result.out)
      assert.matches('\n12 bytes of text/plain from ' .. url:gsub('%p', '%%%0') .. '/small\n',
        result.out)
      result = example('get.lua', { (fault.refused()) })
      assert.equal(1, result.code)
      assert.matches('^COULDNT_CONNECT: .* %(in phase connect%)\n$', result.err)
    end)

    -- Which has no arg: process.argv has the script's name, then what follows it.
    it('get.lua and stream.lua in luvit', function()
      local expected = { ['get.lua'] = '12 bytes of text/plain', ['stream.lua'] = '^hello world' }
      for name, words in pairs(expected) do
        local result
        helper.run(function()
          result = child.run([[
            process = { argv = { 'script', arg[1] }, stdout = io.stdout, on = function() end }
            local path = arg[2]
            arg, unpack = nil, unpack or table.unpack
            dofile(path)
          ]], { args = { url .. '/small', uv.cwd() .. '/examples/' .. name } })
        end, child.DEADLINE)
        assert.equal(0, result.code, result.err)
        assert.matches(words, result.out)
      end
    end)

    it('concurrent.lua', function()
      local result = succeeds('concurrent.lua', { url .. '/small', url .. '/1k' })
      assert.matches('200 +12 bytes +[%d.]+ ms +%S+/small\n', result.out)
      assert.matches('200 +1024 bytes +[%d.]+ ms +%S+/1k\n', result.out)
      result = example('concurrent.lua', { url .. '/small', (fault.refused()) })
      assert.equal(1, result.code)
      assert.matches('200 +12 bytes', result.out)
      assert.matches('COULDNT_CONNECT', result.out)
    end)

    it('stream.lua', function()
      local result = succeeds('stream.lua', { url .. '/1m' })
      assert.is_true(result.out == process.read_file(servers.nginx.root .. '/1m'))
      assert.equal('1048576 bytes\n', result.err)
    end)

    it('events.lua', function()
      local server = fault.serve(fault.response { headers = { 'Content-Type: text/event-stream' },
        body = 'id: 7\ndata: one\n\nevent: add\ndata: two\n\ndata: three\n\n' })
      local result = succeeds('events.lua', { server.url, '2' })
      assert.equal('7 message: one\n7 add: two\n', result.out)
    end)

    it('download.lua', function()
      local dir = process.temp_dir('example')
      helper.defer(function() process.remove_tree(dir) end)
      succeeds('download.lua', { url .. '/1m', url .. '/16k' }, nil, dir)
      for _, name in ipairs { '1m', '16k' } do
        assert.is_true(process.read_file(dir .. '/' .. name)
          == process.read_file(servers.nginx.root .. '/' .. name), name)
      end
    end)

    it('upload.lua, a file and stdin', function()
      local dav = servers.nginx.dav_dir
      helper.defer(function()
        uv.fs_unlink(dav .. '/example-file')
        uv.fs_unlink(dav .. '/example-stdin')
      end)
      local file = servers.nginx.root .. '/1m'
      local result = succeeds('upload.lua', { url .. '/dav/example-file', file })
      assert.equal('201\tCreated\n', result.out)
      assert.is_true(process.read_file(dav .. '/example-file') == process.read_file(file))
      result = succeeds('upload.lua', { url .. '/dav/example-stdin' }, ('line\n'):rep(50000))
      assert.equal('201\tCreated\n', result.out)
      assert.equal(250000, #process.read_file(dav .. '/example-stdin'))
    end)

    it('timings.lua', function()
      local result = succeeds('timings.lua', { 'examples/poll-libcurl.lua', url .. '/small' })
      local lines = lines_of(result.out)
      assert.same({ 'hello world', 'hello world' }, { lines[1], lines[2] })
      for i = 3, 4 do
        assert.matches('/small 200: queue [%d.]+, resolve .*, total [%d.]+ ms$', lines[i])
      end
      assert.equal('', lines[5])
    end)

    it('demo_server.lua', function()
      local result
      helper.run(function()
        result = child.run([[
          local uv, curl = require 'luv', require 'luvcurl'
          local out, address = uv.new_pipe(false), nil
          local handle = assert(uv.spawn(arg[1], { args = { arg[2] }, stdio = { nil, out, 2 } },
            function() end))
          out:read_start(function(_, data) address = address or data end)
          while not address do uv.run('once') end
          local res = assert(curl.get(address:match('%S+') .. 'some/where'))
          io.write(res.status, ' ', res.headers['content-type'], '\n', res.body)
          handle:kill('sigterm')
        ]], { args = { uv.exepath(), uv.cwd() .. '/examples/demo_server.lua' } })
      end, child.DEADLINE)
      assert.equal(0, result.code, result.err)
      assert.matches('^200 text/plain; charset=utf%-8\n', result.out)
      assert.matches('\nYou asked: GET /some/where HTTP/1%.1\n', result.out)
    end)

    -- Where there is no JSON library, the example says so.
    it('post_json.lua', function()
      local result = example('post_json.lua', { servers.httpbin.url .. '/post' })
      assert.equal(0, result.code, result.err)
      assert.matches('json\t{…}\n', result.out)
      assert.matches('url\t%S+/post%?page=1\n', result.out)
    end)
  end)
end

if host == 'nvim' then
  it('neovim.lua shows a page in a new buffer', function()
    local result
    helper.run(function()
      result = child.run([[
        vim.cmd('luafile ' .. arg[1])
        vim.cmd('Fetch ' .. arg[2])
        vim.wait(5000, function() return vim.api.nvim_buf_get_name(0):find('small', 1, true) end)
        io.stdout:write(table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '|'), '\n',
          vim.bo.buftype, '\n')
      ]], { args = { uv.cwd() .. '/examples/neovim.lua', url .. '/small' } })
    end, child.DEADLINE)
    assert.same({ 0, 'hello world|\nnofile\n' }, { result.code, result.out }, result.err)
  end)
end
