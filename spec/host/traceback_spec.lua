-- An error that nobody catches is told once, with one traceback, that of where it happened.

local child = require 'spec.support.child'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local PRELUDE = [[
local uv = package.loaded.luv or package.loaded.uv or vim and vim.loop or require 'luv'
local curl = require 'luvcurl'
local url, path = arg[1], arg[2]
local told = false
local function die()
  told = true
  error('boom')
end
]]

-- Neovim goes on, and so may other hosts.
local DRIVE = [[

if vim then
  vim.wait(20000, function() return told end, 5)
  vim.wait(50, function() end) -- what is told later than it happened
elseif not package.loaded.uv or package.loaded.luv then
  uv.run()
end
]]

local PLACES = {
  ["a verb's callback"] = [[ curl.get(url, die) ]],
  ["a callback after a failure"] = [[ curl.get('http://127.0.0.1:1/', die) ]],
  ["Multi:add's callback"] = [[ curl.Multi:new():add(url, die) ]],
  ["Multi:close's callback"] = [[ curl.Multi:new():close(die) ]],
  ["curl.stream's callback"] = [[ curl.stream(url, die) ]],
  ["a download's callback"] = [[ curl.download(url, path, die) ]],
  ['a coroutine after a call'] = [[ coroutine.wrap(function() curl.get(url) die() end)() ]],
  ['a coroutine after curl.stream'] = [[
    coroutine.wrap(function() curl.stream(url) die() end)() ]],
  ['a coroutine after a read'] = [[
    coroutine.wrap(function()
      local res = curl.stream(url)
      while res:read() do end
      die()
    end)() ]],
  ['a coroutine after a download'] = [[
    coroutine.wrap(function() curl.download(url, path) die() end)() ]],
}

local function count(text, word)
  return select(2, text:gsub(word, ''))
end

describe('an error is told once, with one traceback, of', function()
  for name, source in pairs(PLACES) do
    it(name, function()
      local result
      helper.run(function()
        result = child.run(PRELUDE .. source .. DRIVE,
          { args = { servers.nginx.url .. '/small', folder.new():at('file') } })
      end, child.DEADLINE)
      assert.equal(1, count(result.err, 'boom'), result.err)
      assert.equal(1, count(result.err, 'stack traceback:'), result.err)
      assert.matches('stack traceback:.*script%.lua:7', result.err)
      assert.is_nil(result.err:find('^I', 1, true))
    end)
  end
end)
