-- Shows all the headers on the way to a response: luajit examples/headers.lua URL

local curl = require 'luvcurl'

local arg = arg or { unpack(process.argv, 2) } -- luvit's
local url = assert(arg[1], 'usage: headers.lua URL')

local res = assert(curl.get(url, { headers = { TE = 'trailers' } }))

local function show(headers)
  for name, value in headers:iter() do
    print(('  %s: %s'):format(name, value))
  end
end

for _, hop in ipairs(res.history) do
  print(('%d %s'):format(hop.status, hop.url))
  show(hop.headers)
end
if res.informational:count() > 0 then
  print('in advance')
  show(res.informational)
end
print(('%d %s'):format(res.status, res.url))
show(res.headers)
if res.trailers:count() > 0 then
  print('after the body')
  show(res.trailers)
end
