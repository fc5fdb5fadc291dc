-- examples/download.lua: several files at a time, with bars where there is a terminal.

local child = require 'spec.support.child'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local screen = require 'spec.support.screen'
local servers = require 'spec.support.servers'

local uv, nginx = helper.uv, servers.nginx

local ROOT = uv.cwd()

local function runs(name, test, ms)
  it(name, function() helper.run(test, ms) end)
end

describe('examples/download.lua', function()
  -- Runs the example in a directory of its own.
  local SCRIPT = [[
    local uv = package.loaded.luv or package.loaded.uv or (vim and vim.loop) or require 'luv'
    assert(uv.chdir(%q))
    dofile(%q)
  ]]

  -- It runs the loop until that is empty, which Neovim's never is.
  local HOST = helper.host == 'nvim' and 'luajit' or helper.host

  local function source(dir)
    return SCRIPT:format(dir.path, ROOT .. '/examples/download.lua')
  end

  runs('downloads several, with plain lines where nobody looks', function()
    local dir = folder.new()
    local url = nginx.url
    local result = child.run(source(dir), { host = HOST,
      args = { url .. '/1k', url .. '/16k', url .. '/10m', url .. '/1m', url .. '/text.txt' } })
    assert.same({ 0, 0 }, { result.code, result.signal }, result.err)
    assert.same({ '10m', '16k', '1k', '1m', 'text.txt' }, dir:names())
    local size = 0
    for _, name in ipairs(dir:names()) do
      assert.truthy(('\n' .. result.err):find('\n' .. name .. ': [%d.]+ %a+ in '), result.err)
      size = size + uv.fs_stat(dir:at(name)).size
    end
    local text = uv.fs_stat(nginx.root .. '/text.txt').size
    assert.equal(1024 + 16384 + 10 * 2 ^ 20 + 2 ^ 20 + text, size)
    assert.is_nil(result.err:find('\27', 1, true))
  end, 30000)

  runs('says what failed', function()
    local dir = folder.new()
    local refused = fault.refused()
    local result = child.run(source(dir), { host = HOST,
      args = { nginx.url .. '/1k', nginx.url .. '/status/404', refused .. '/x' } })
    assert.equal(1, result.code)
    assert.same({ '1k' }, dir:names())
    assert.truthy(result.err:find('404: HTTP_RETURNED_ERROR: the server answered 404', 1, true))
    assert.truthy(result.err:find('x: COULDNT_CONNECT', 1, true))
  end, 30000)

  -- In a terminal of 64 columns, made by script(1) of util-linux.
  runs('draws bars where somebody does', function()
    local dir = folder.new()
    local url = nginx.url
    local list = { url .. '/1m?rate=600k', url .. '/10m?rate=7m' }
    local file = dir:write('.run.lua',
      ('arg = { %q, %q }\n'):format(list[1], list[2]) .. source(dir))
    local log = dir:at('.log')
    local program = HOST == 'luvi' and os.getenv('LUVCURL_BUILD') .. '/luvi_like' or HOST
    local preload = os.getenv('LUVCURL_PRELOAD')
    local command = ("stty cols 64 rows 20; %s '%s' '%s'"):format(
      preload and ("LD_PRELOAD='%s'"):format(preload) or '', program, file)
    local code = helper.await(function(done)
      local handle
      handle = assert(uv.spawn('script', { args = { '-qec', command, log }, stdio = {} },
        function(status)
          handle:close()
          done(status)
        end))
    end)
    local bytes = dir:read('.log')
    assert.equal(0, code, bytes)
    assert.same({ '.log', '.run.lua', '10m', '1m' }, dir:names())
    local begin, stop = bytes:find('^Script started[^\n]*\n')
    bytes = bytes:sub(begin and stop + 1 or 1):gsub('\n?Script done.*$', ''):gsub('\r\n', '\n')
    local drawings = select(2, bytes:gsub('\27%[J', ''))
    assert.is_true(drawings >= 5 and drawings <= 60, drawings .. ' drawings')
    assert.matches('1m +%d+%% %[=*>', bytes)
    local shown = screen(bytes, 64)
    local ended = {}
    for _, line in ipairs(shown) do
      ended[#ended + 1] = line:match('^(%w+): [%d.]+ MB in ')
      assert.is_true(#line < 64)
    end
    table.sort(ended)
    assert.same({ '10m', '1m' }, ended, table.concat(shown, '\n'))
  end, 30000)
end)
