-- Every way to say how long something may take; the error tells which one it was, and where:
--
--     luajit examples/timeouts.lua URL

local curl = require 'luvcurl'

local arg = arg or { unpack(process.argv, 2) } -- luvit's
local url = assert(arg[1], 'usage: timeouts.lua URL')

local res, err = curl.get(url, {
  timeout = 5000,         -- ms, for everything, the wait in the queue included
  connect_timeout = 1000, -- ms, name look-up and TLS included
  first_byte = 1500,      -- ms until the response's headers are in
  idle = 500,             -- ms without a byte of the body
  low_speed = { limit = 1000, time = 3000 }, -- fewer bytes a second for so many ms
})

if res then
  print(('%d, %d bytes, %.0f ms'):format(res.status, #res.body, res.timings.total))
else
  print(('%s (in phase %s)'):format(tostring(err), err.phase))
  os.exit(1)
end
