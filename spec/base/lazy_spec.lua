-- Modules that are read at once and run when they are first used.

local child = require 'spec.support.child'
local helper = require 'spec.support.helper'

-- Uses what is lazy: downloads, streams, events, sessions, bars, multiparts.
local USE = [[
local session = curl.session {}
io.stdout:write(type(session.get), ' ', type(curl.progress_bar), '\n')
local function call(verb, ...)
  return select(2, pcall(verb, ...)) or 'nothing'
end
local url = 'http://127.0.0.1:1/'
io.stdout:write(tostring(call(curl.post, url, { multipart = { { name = 'a', body = 1 } } })), '\n')
io.stdout:write(tostring(call(curl.stream, url, { body = 1 })), '\n')
io.stdout:write(tostring(call(curl.download, url, 1)), '\n')
]]

local RELATIVE = [[
package.path = './lua/?.lua;./lua/?/init.lua;' .. package.path
local curl = require 'luvcurl'
local uv = package.loaded.luv or package.loaded.uv or vim and vim.loop
uv.chdir('/')
package.path = './lua/?.lua'
]] .. USE

local NONE_LEFT = [[
local curl = require 'luvcurl'
local held = {}
repeat
  held[#held + 1] = io.open('/dev/null') or false
until not held[#held]
io.stdout:write(#held > 1 and 'none left\n' or 'not tried\n')
]] .. USE

local function check(result, before)
  assert.equal(0, result.code, result.err)
  local lines = {}
  for line in result.out:gmatch('[^\n]+') do
    lines[#lines + 1] = line
  end
  if before then
    assert.equal(before, table.remove(lines, 1))
  end
  assert.same({ 'function function' }, { lines[1] })
  assert.matches('request%.multipart%[1%]%.body: expected', lines[2])
  assert.matches('request%.body: expected', lines[3])
  assert.matches('path: expected', lines[4])
end

describe('what is read lazily', function()
  it('is found although package.path was relative and the folder is another now', function()
    helper.run(function() check(child.run(RELATIVE)) end)
  end)

  -- Not under UndefinedBehaviorSanitizer: it needs a descriptor to look whether memory can be read.
  if not os.getenv('LUVCURL_ASAN') then
    it('is there when no descriptor is left', function()
      helper.run(function()
        check(child.run(NONE_LEFT, { wrap = { 'prlimit', '--nofile=64' } }), 'none left')
      end)
    end)
  end

  it('is what require gives, too', function()
    local curl = require 'luvcurl'
    pcall(curl.download, 'http://127.0.0.1:1/', 1)
    local download = require 'luvcurl/download/download'
    assert.equal(package.loaded['luvcurl/download/download'], download)
    assert.is_nil(package.preload['luvcurl/download/download'])
  end)
end)
