-- A key that is pressed in Neovim waits for few callbacks, however many transfers have something to
-- tell. Counted, not timed: the bench (`make bench ONLY=keys`) tells the milliseconds.

local helper = require 'spec.support.helper'

if not helper.nvim then
  return
end

local Editor = require 'spec.support.editor'
local servers = require 'spec.support.servers'

local KEYS = 21
local IN_FLIGHT = 100

-- Keeps requests in flight whose callbacks each take longer than a turn may, and notes when one is
-- called and when a key is looked at.
local LOAD = [[
  local url, count, fast = ...
  local uv, curl = vim.loop, require 'luvcurl'
  called, looked_at, n = {}, nil, 0
  vim.on_key(function() looked_at = looked_at or uv.hrtime() end)
  local multi = curl.Multi:new { turn_budget = 1, fast = fast or nil }
  local function again(err)
    n = n + 1
    problem = problem or err and tostring(err)
    local now = uv.hrtime()
    called[#called + 1] = now
    while uv.hrtime() < now + 1.5e6 do end
    multi:add(url, again)
  end
  for _ = 1, count do
    multi:add(url, again)
  end
]]

-- How many callbacks there were from when a key was pressed until it was looked at.
local function callbacks_before_key(editor)
  editor:lua [[ called, looked_at = {}, nil ]]
  local pressed = helper.uv.hrtime()
  editor:type('x')
  editor:wait_for [[ return looked_at ~= nil ]]
  return editor:lua([[
    local pressed, count = ..., 0
    for _, at in ipairs(called) do
      count = count + (at > pressed and at < looked_at and 1 or 0)
    end
    return count
  ]], pressed)
end

-- Median and most, since others may have the processor between the clock and the key.
local function measured(fast)
  local editor, counts = Editor.open(), {}
  editor:type('i')
  editor:lua(LOAD, servers.nginx.url .. '/small', IN_FLIGHT, fast)
  editor:wait_for([[ return n > 200 ]])
  for i = 1, KEYS do
    counts[i] = callbacks_before_key(editor)
  end
  assert.is_true(editor:lua [[ return problem == nil ]])
  table.sort(counts)
  return counts[math.ceil(KEYS / 2)], counts[KEYS]
end

describe('a key waits for', function()
  it('hardly a callback', function()
    local median, most = measured(false)
    assert.is_true(median <= 2, ('median %d, most %d'):format(median, most))
  end)

  it('few callbacks of a fast Multi: as many as the loop is run before a key', function()
    local median, most = measured(true)
    assert.is_true(median <= 12, ('median %d, most %d'):format(median, most))
  end)
end)
