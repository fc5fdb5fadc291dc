-- One request, waited for, and what its response knows: luajit examples/get.lua URL

local curl = require 'luvcurl'

local arg = arg or { unpack(process.argv, 2) } -- luvit's
local url = assert(arg[1], 'usage: get.lua URL')

local res, err = curl.get(url, {
  headers = { accept = 'text/html, */*;q=0.5' },
  timeout = 30000, -- ms
})
if not res then
  io.stderr:write(('%s (in phase %s)\n'):format(tostring(err), tostring(err.phase)))
  os.exit(1)
end

print(('HTTP/%s %d %s'):format(res.http_version or '?', res.status, res.reason or ''))
for name, value in res.headers:iter() do
  print(name .. ': ' .. value)
end
print()
print(('%d bytes of %s from %s'):format(
  #res.body, res.headers['content-type'] or 'unknown type', res.url))
print(('connected after %.1f ms, all done after %.1f ms'):format(
  res.timings.connect, res.timings.total))
