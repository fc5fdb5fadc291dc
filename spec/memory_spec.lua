-- What transfers cost in memory. In a process of its own, whose heap other specs have not been at.

local child = require 'spec.support.child'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local SANITIZED = os.getenv('LUVCURL_ASAN') ~= nil

local PRELUDE = [[
local host = require 'spec.support.host'
local usage = require 'spec.support.usage'
local curl = require 'luvcurl'
local uv = host.uv
local url = arg[1] .. '/small'
local m = curl.Multi:new()

-- Calls each(res) for every response.
local function burst(count, each)
  local left = count
  for _ = 1, count do
    m:add(url, function(err, res)
      assert(not err, tostring(err))
      left = left - 1
      if each then
        each(res)
      end
    end)
  end
  assert(host.drive(function() return left == 0 end, 20000))
end
]]

-- luv 1.44.2 crashes when a closed handle's callback never runs.
local EPILOGUE = [[
if not host.nvim then
  uv.run('nowait')
end
]]

local function number_from(source)
  local result
  helper.run(function()
    result = child.run(PRELUDE .. source .. EPILOGUE, { ms = 60000, args = { servers.nginx.url } })
  end, 60000)
  assert.same({ 0, 0, false, '' }, { result.code, result.signal, result.late, result.err })
  return (assert(tonumber(result.out), result.out))
end

describe('memory', function()
  -- A sanitizer has a heap of its own.
  if SANITIZED then
    return
  end

  it('of a response that is kept is what can be asked of it', function()
    local bytes = number_from [[
      local kept = {}
      local function keep(res)
        kept[#kept + 1] = res
      end
      for _ = 1, 20 do
        burst(50, keep)
      end
      usage.settle()
      local before, count = usage.resident(), #kept
      for _ = 1, 200 do
        burst(50, keep)
      end
      usage.settle()
      io.stdout:write(('%.0f'):format((usage.resident() - before) / (#kept - count)))
      assert(kept[1].reason == 'OK' and kept[#kept].headers['content-length'] == '12')
    ]]
    -- its headers are 300 of them
    assert.is_true(bytes < 1400, bytes .. ' bytes for each')
  end)
end)
