-- The clients of the bench do what bench/README.md asks of them.

local child = require 'spec.support.child'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'
require 'luvcurl' -- ignores SIGPIPE, of which plain luajit dies when a client ends early

-- The C++ clients are built once, beside the module for LuaJIT.
local programs = os.getenv('LUVCURL_BUILD'):gsub('%-lua5%.%d$', '') .. '/bench/'
local url = servers.nginx.url .. '/small'
local REQUESTS, IN_FLIGHT, SIZE = 200, 20, #'hello world\n'

local function command_line(words)
  local quoted = {}
  for i, word in ipairs(words) do
    quoted[i] = "'" .. word .. "'"
  end
  return table.concat(quoted, ' ')
end

-- What a client of C++ prints, with its exit status. A Neovim that has had a terminal keeps its
-- stdin from children (uv_disable_stdio_inheritance), and libuv does not bear to have none.
local function program(name, args)
  local command = ('timeout 20 %s %s 2>&1 </dev/null; echo "status $?"'):format(programs .. name,
    command_line(args))
  local pipe = assert(io.popen(command))
  local text = pipe:read('*a')
  pipe:close()
  local out, status = text:match('^(.*)status (%d+)\n$')
  return out, tonumber(status)
end

local function luvcurl(style, args)
  local all = { '--style', style }
  for _, arg in ipairs(args) do
    all[#all + 1] = arg
  end
  local result
  helper.run(function()
    result = child.run_file('bench/luvcurl.lua', { args = all })
  end, child.DEADLINE)
  return result.out .. result.err, result.code
end

-- Each is called with the arguments.
local CLIENTS = {
  textbook = function(args) return program('textbook', args) end,
  best = function(args) return program('best', args) end,
  callbacks = function(args) return luvcurl('callbacks', args) end,
  coroutines = function(args) return luvcurl('coroutines', args) end,
  stream = function(args) return luvcurl('stream', args) end,
}

local function arguments(target, requests, in_flight, ...)
  return { '--url', target, '--requests', tostring(requests), '--in-flight', tostring(in_flight),
    ... }
end

local function prints_result(run, args, requests, bytes)
  local out, status = run(args)
  assert.equal(0, status, out)
  local line = assert(out:match('^(%b{})\n$'), out)
  local result = {}
  for name, value in line:gmatch('"([%w_]+)":([%d.]+)') do
    result[name] = tonumber(value)
  end
  assert.equal(requests, result.requests)
  assert.equal(0, result.failed)
  assert.equal(bytes, result.bytes)
  assert.is_true(result.seconds > 0 and result.user + result.system > 0)
  assert.is_true(result.max_rss_kb > 1000)
end

for name, run in pairs(CLIENTS) do
  describe('the bench\'s client ' .. name, function()
    it('measures small requests', function()
      prints_result(run, arguments(url, REQUESTS, IN_FLIGHT), REQUESTS, REQUESTS * SIZE)
    end)

    it('measures HTTP/2', function()
      prints_result(run, arguments(servers.nginx.tls_url .. '/small', REQUESTS, IN_FLIGHT,
        '--http2', '--cacert', servers.certs.ca), REQUESTS, REQUESTS * SIZE)
    end)

    it('counts failures', function()
      local out, status = run(arguments(servers.nginx.url .. '/status/404', 3, 1))
      assert.equal(0, status)
      assert.matches('"failed":3,', out, 1, true)
    end)

    it('refuses what it does not know', function()
      local out, status = run(arguments(url, 1, 1, '--workload', 'nonsense'))
      assert.equal(3, status)
      assert.matches('^no workload nonsense[^\n]*\n$', out)
    end)
  end)
end

local function measures(names, workload, size, ...)
  for _, name in ipairs(names) do
    prints_result(CLIENTS[name], arguments(servers.nginx.url .. (workload:find('down')
      and '/1m' or '/sink'), 2, 1, '--workload', workload, ...), 2, 2 * size)
  end
end

describe('the bench\'s clients', function()
  local MEGABYTE = 1024 * 1024
  local source = servers.nginx.root .. '/1m'

  it('measure bodies', function()
    measures({ 'textbook', 'best', 'stream' }, 'down', MEGABYTE)
    measures({ 'textbook', 'best', 'callbacks', 'stream' }, 'down-chunks', MEGABYTE)
  end)

  it('measure files', function()
    measures({ 'textbook', 'best', 'coroutines' }, 'down-file', MEGABYTE, '--file',
      servers.dir .. '/bench-' .. helper.uv.os_getpid())
    measures({ 'textbook', 'best', 'callbacks', 'coroutines' }, 'up-file', MEGABYTE, '--file',
      source)
  end)

  it('measure posts', function()
    measures({ 'textbook', 'best', 'callbacks', 'coroutines' }, 'post-json', #'swallowed 1024\n')
  end)
end)
