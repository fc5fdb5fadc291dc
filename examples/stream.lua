-- Reads a body as it comes; however large, no more than high_water waits in memory:
--
--     luajit examples/stream.lua URL > file

local curl = require 'luvcurl'

local arg = arg or { unpack(process.argv, 2) } -- luvit's
local url = assert(arg[1], 'usage: stream.lua URL')

local res = assert(curl.stream(url, { high_water = 256 * 1024, idle = 30000 }))
res:raise_for_status()

local out = process and process.stdout or io.stdout -- luvit's does not block
local total = 0
for chunk in res:chunks() do
  out:write(chunk)
  total = total + #chunk
end
io.stderr:write(('%d bytes\n'):format(total))
