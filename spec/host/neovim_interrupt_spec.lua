-- Ctrl-C ends a call that blocks Neovim, soon: with an error of a name, and the editor goes on.

local helper = require 'spec.support.helper'

if not helper.nvim then
  return
end

local Editor = require 'spec.support.editor'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local servers = require 'spec.support.servers'

local AT_MOST = 200 -- ms, from the key to what follows the call

-- Answers with headers and a piece of the body, and then nothing.
local function stalling()
  return fault.serve(function(conn)
    conn:request()
    conn:send('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome')
    conn:stall()
  end)
end

-- Each sets `stage` when the next call is the one that blocks, and returns nil and an error.
local CALLS = {
  ['curl.get'] = { fault.silent, [[
    local url = ...
    stage = 'blocked'
    return curl.get(url)
  ]] },
  ['curl.get beside requests without end'] = { fault.silent, [[
    local url, _, busy = ...
    local function again()
      curl.get(busy, again)
    end
    for _ = 1, 20 do
      again()
    end
    stage = 'blocked'
    return curl.get(url)
  ]] },
  ['a read of a stream'] = { stalling, [[
    local url = ...
    local res = assert(curl.stream(url))
    assert(res:read() == 'some')
    stage = 'blocked'
    return res:read()
  ]] },
  ['curl.stream'] = { fault.silent, [[
    local url = ...
    stage = 'blocked'
    return curl.stream(url)
  ]] },
  ['a download'] = { stalling, [[
    local url, path = ...
    stage = 'blocked'
    return curl.download(url, path)
  ]] },
}

local AROUND = [[
  local curl = require 'luvcurl'
  local function call(...)
    %s
  end
  local value, err = call(...)
  finished = { at = vim.loop.hrtime(), value = tostring(value), err = tostring(err),
    name = type(err) == 'table' and err.name or nil }
]]

describe('Ctrl-C ends', function()
  for name, case in pairs(CALLS) do
    it(name, helper.timed(function()
      local server, editor = case[1](), Editor.open()
      local path = folder.new():at('file')
      local small = servers.nginx.url .. '/small'
      editor:begin(AROUND:format(case[2]), server.url .. '/', path, small)
      editor:wait_for [[ return stage == 'blocked' ]]
      helper.wait_for(function() return server.connections == 1 end)
      local at = helper.uv.hrtime()
      editor:type('<C-c>')
      editor:wait_for [[ return finished ~= nil ]]
      local seen = editor:lua [[ return { finished.value, finished.err, finished.name } ]]
      assert.same({ 'nil', 'ABORTED_BY_CALLBACK: interrupted', 'ABORTED_BY_CALLBACK' }, seen)
      local took = editor:lua([[ return (finished.at - ...) / 1e6 ]], at)
      assert.is_true(took <= AT_MOST, ('it took %d ms'):format(took))
      helper.wait_for(function() return next(server.open) == nil end, nil, 'the request to end')
      -- the editor goes on, and so does luvcurl there
      assert.equal('n', editor:lua [[ return vim.api.nvim_get_mode().mode ]])
      assert.equal(200, editor:lua([[ return require 'luvcurl'.get(...).status ]], small))
      editor:type('ihello<Esc>')
      editor:wait_for [[ return vim.api.nvim_get_current_line() == 'hello' ]]
      assert.equal('', editor.err)
    end))
  end
end)
