-- A hook of a stream that runs the loop until the transfer has ended.

local curl = require 'luvcurl'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local uv, nginx = helper.uv, servers.nginx

local function until_done(res)
  local t, stop = res.transfer, uv.hrtime() + 20e9
  while t:state() ~= 'done' and uv.hrtime() < stop do
    if helper.nvim then
      vim.wait(20) -- callbacks come from Neovim's own loop -- luacheck: ignore
    else
      uv.run('once')
    end
  end
  assert.equal('done', t:state())
end

describe('a stream whose on_response runs the loop to its end', function()
  it('gives its callback the response', function()
    local body
    curl.stream(nginx.url .. '/small', { on_response = until_done },
      helper.expect(1, function(err, res)
        assert.is_nil(err)
        assert.equal(200, res.status)
        body = res
      end))
    helper.wait_for(function() return body end)
    helper.run(function() assert.equal('hello world\n', body:text()) end)
  end)

  it('gives its callback the error', function()
    local error_seen
    curl.stream(nginx.url .. '/slow', { timeout = 200, on_response = until_done },
      helper.expect(1, function(err, res)
        assert.is_nil(res)
        error_seen = err.name
      end))
    helper.wait_for(function() return error_seen end)
    assert.equal('OPERATION_TIMEDOUT', error_seen)
  end)

  it('is returned to a coroutine', function()
    helper.run(function()
      local res = assert(curl.stream(nginx.url .. '/small', { on_response = until_done }))
      assert.equal('hello world\n', res:text())
    end)
  end)
end)
