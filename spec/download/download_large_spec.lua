-- A gigabyte into a file: memory stays flat, the loop stays free. In hosts with LuaJIT: the bytes
-- take the same way in the others, whose collector, with the heap that a thousand tests have left,
-- decides how much a process grows.

if not rawget(_G, 'jit') then
  return
end

local curl = require 'luvcurl'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local uv = helper.uv

local GB, MB = 2 ^ 30, 2 ^ 20
local ZEROS = '49bc20df15e412a64472421e13fe86ff1c5165e18b2afccf160d4dc19fe68a14' -- 1 GiB of them

-- A sanitizer keeps what is freed for a while, on purpose.
local GROWTH = (os.getenv('LUVCURL_ASAN') and 400 or 8) * MB

local function resident()
  local file = assert(io.open('/proc/self/status'))
  local kilobytes = file:read('*a'):match('VmRSS:%s*(%d+)')
  file:close()
  return tonumber(kilobytes) * 1024
end

it('a gigabyte takes little memory', function()
  helper.run(function()
    local dir = folder.new()
    assert(curl.download(servers.nginx.url .. '/10m', dir:at('warm')))
    helper.collect()
    -- what the specs before have left must not decide when the collector runs, nor how much comes
    -- meanwhile
    local pause = collectgarbage('setpause', 100)
    local speed = collectgarbage('setstepmul', 1000)
    helper.defer(function()
      collectgarbage('setpause', pause)
      collectgarbage('setstepmul', speed)
    end)
    collectgarbage()
    local before, most, worst, last = resident(), 0, 0, nil
    local timer = uv.new_timer()
    helper.defer(function() timer:close() end)
    timer:start(1, 1, function()
      local now = uv.hrtime()
      worst, last = math.max(worst, now - (last or now)), now
      if math.floor(now / 1e6) % 10 == 0 then
        most = math.max(most, resident())
      end
    end)
    local start = uv.hrtime()
    local res = assert(curl.download(servers.nginx.url .. '/1g', dir:at('x'), { sha256 = ZEROS }))
    local seconds = (uv.hrtime() - start) / 1e9
    assert.same({ GB, ZEROS }, { res.bytes, res.sha256 })
    assert.equal(GB, uv.fs_stat(dir:at('x')).size)
    io.stdout:write(('1 GiB into a file: %.0f MB/s, %.1f MiB more memory, '
      .. 'the loop was held %.1f ms at most\n'):format(
        GB / 1e6 / seconds, (most - before) / MB, worst / 1e6))
    assert.is_true(most > 0)
    assert.is_true(most - before < GROWTH, ('%.1f MiB more'):format((most - before) / MB))
  end, 120000)
end)
