-- In Neovim, user code runs where all of vim.api may be used: never in a callback of luv's.

local helper = require 'spec.support.helper'

if not helper.nvim then
  return
end

local curl = require 'luvcurl'
local folder = require 'spec.support.folder'
local hooks = require 'spec.support.hooks'
local servers = require 'spec.support.servers'

local url = servers.nginx.url
local api = vim.api -- luacheck: ignore
local in_fast_event = vim.in_fast_event -- luacheck: ignore

-- Raises E5560 in a fast event.
local function use_api()
  assert.is_false(in_fast_event())
  api.nvim_command('let g:luvcurl_spec = 1')
end

describe('vim.api may be used in', function()
  hooks.each(function(hook, style)
    it(hook.name .. ', ' .. style, function()
      local dir, session = folder.new(), curl.session {}
      local reached, final = 0, 0
      local done = helper.expect(1, function() use_api() end)
      local case = { session = session, url = url, style = style, folder = dir.path,
        refused = 'http://127.0.0.1:1/', new_multi = function() return curl.Multi:new() end,
        inside = function()
          reached = reached + 1
          use_api()
        end,
        final = function(...)
          final = final + 1
          done(...)
        end }
      hook.start(case)
      helper.wait_for(function() return final == 1 end)
      assert.equal(1, reached)
    end)
  end)

  it('a coroutine after each kind of wait', function()
    helper.run(function()
      assert(curl.get(url .. '/small'))
      use_api()
      local res = assert(curl.stream(url .. '/1m'))
      use_api()
      while res:read() do
        use_api()
      end
      assert(curl.download(url .. '/small', folder.new():at('x')))
      use_api()
    end)
  end)
end)

it('a script that runs the loop itself gets its callbacks there', function()
  local seen
  curl.get(url .. '/small', helper.expect(1, function(err) seen = err or true end))
  local stop = helper.uv.hrtime() + 20e9
  while not seen and helper.uv.hrtime() < stop do
    helper.uv.run('once')
  end
  assert.is_true(seen)
end)

describe('a fast Multi', function()
  it('calls back in an event of luv', function()
    local seen
    curl.Multi:new { fast = true }:add(url .. '/small', helper.expect(1, function(err)
      assert.is_nil(err)
      seen = in_fast_event()
    end))
    helper.wait_for(function() return seen ~= nil end)
    assert.is_true(seen)
  end)
end)

it('callbacks come in the order in which their transfers ended', function()
  local multi, order = curl.Multi:new { max_concurrent = 1 }, {}
  for i = 1, 20 do
    multi:add(url .. '/small', helper.expect(1, function() order[#order + 1] = i end))
  end
  helper.wait_for(function() return #order == 20 end)
  for i = 1, 20 do
    assert.equal(i, order[i])
  end
end)
