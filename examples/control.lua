-- Takes a body at a given pace by pausing and resuming the transfer, and cancels it when it has
-- enough: luajit examples/control.lua URL BYTES_PER_SECOND [BYTES]

local curl = require 'luvcurl'
local uv = package.loaded.uv or require 'luv'

local arg = arg or { unpack(process.argv, 2) } -- luvit's
local url, pace = arg[1], tonumber(arg[2])
assert(pace, 'usage: control.lua URL BYTES_PER_SECOND [BYTES]')
local enough = tonumber(arg[3]) or math.huge

local began, size = uv.hrtime(), 0
local transfer
transfer = curl.request({
  url = url,
  on_data = function(chunk)
    size = size + #chunk
    if size >= enough then
      return transfer:cancel()
    end
    local due = size / pace * 1000 - (uv.hrtime() - began) / 1e6
    if due < 1 then
      return
    end
    transfer:pause()
    local timer = uv.new_timer()
    timer:start(math.ceil(due), 0, function()
      timer:close()
      transfer:resume()
    end)
  end,
}, function(err)
  print(('%d bytes in %.1f s'):format(size, (uv.hrtime() - began) / 1e9))
  if err then
    print(err)
  end
end)

if not process then
  uv.run()
end
