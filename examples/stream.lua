-- Reads a body as it comes; however large, no more than high_water waits in memory:
--
--     luajit examples/stream.lua URL > file

local curl = require 'luvcurl'

local url = assert(arg and arg[1], 'usage: stream.lua URL')

local res = assert(curl.stream(url, { high_water = 256 * 1024, idle = 30000 }))
res:raise_for_status()

local total = 0
for chunk in res:chunks() do
  io.stdout:write(chunk)
  total = total + #chunk
end
io.stderr:write(('%d bytes\n'):format(total))
