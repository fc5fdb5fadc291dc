-- Prints server-sent events as they come: luajit examples/events.lua URL [COUNT]

local curl = require 'luvcurl'

local arg = arg or { unpack(process.argv, 2) } -- luvit's
local url = assert(arg[1], 'usage: events.lua URL [COUNT]')
local left = tonumber(arg[2]) or math.huge

local res = assert(curl.stream(url, { headers = { accept = 'text/event-stream' } }))
res:raise_for_status()

for event in res:events() do
  print(('%s %s: %s'):format(event.id, event.event, event.data))
  left = left - 1
  if left == 0 then
    res:close() -- the server would go on for ever
    break
  end
end
