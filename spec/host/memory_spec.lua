-- What transfers cost in memory. In a process of its own, whose heap other specs have not been at.

local child = require 'spec.support.child'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

-- A sanitizer makes each request slow, and has a heap of its own, whose size says nothing.
local SANITIZED = os.getenv('LUVCURL_ASAN') ~= nil
local BURSTS = SANITIZED and 20 or 600

local SCRIPT = [[
local host = require 'spec.support.host'
local usage = require 'spec.support.usage'
local curl = require 'luvcurl'
local uv = host.uv
local url, bursts = arg[1] .. '/small', tonumber(arg[2])
local m, kept = curl.Multi:new(), {}

local function burst()
  local goal = #kept + 50
  for _ = 1, 50 do
    m:add(url, function(err, res)
      kept[#kept + 1] = assert(res, tostring(err))
    end)
  end
  assert(host.drive(function() return #kept == goal end, 20000))
end

for _ = 1, 20 do
  burst()
end
usage.settle()
local before, count = usage.resident(), #kept
for _ = 1, bursts do
  burst()
end
usage.settle()
io.stdout:write(('%.0f'):format((usage.resident() - before) / (#kept - count)))
assert(kept[1].reason == 'OK' and kept[#kept].headers['content-length'] == '12')
if not host.nvim then
  uv.run('nowait') -- luv 1.44.2 crashes when a closed handle's callback never runs
end
]]

describe('memory', function()
  it('of a response that is kept is what can be asked of it', function()
    local result
    helper.run(function()
      result = child.run(SCRIPT, { ms = 60000,
        args = { servers.nginx.url, ('%.0f'):format(BURSTS) } })
    end, 60000)
    assert.same({ 0, 0, false, '' }, { result.code, result.signal, result.late, result.err })
    local bytes = assert(tonumber(result.out), result.out)
    -- what was freed may stay resident, too: some 2 MB in all
    assert.is_true(SANITIZED or bytes < 1500, bytes .. ' bytes for each')
  end)
end)
