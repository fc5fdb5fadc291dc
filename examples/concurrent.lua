-- Many requests at once, each in a coroutine that reads as if it were alone:
--
--     luajit examples/concurrent.lua URL [URL…]

local curl = require 'luvcurl'
local uv = package.loaded.uv or require 'luv'

local arg = arg or { unpack(process.argv, 2) } -- luvit's
assert(arg[1], 'usage: concurrent.lua URL [URL…]')

local failures, left = 0, #arg

local function fetch(url)
  local res, err = curl.get(url, { timeout = 30000 })
  if res then
    print(('%3d  %8d bytes  %7.1f ms  %s'):format(res.status, #res.body, res.timings.total, url))
  else
    failures = failures + 1
    print(('%s  %s'):format(tostring(err), url))
  end
  left = left - 1
  if left == 0 and failures > 0 then
    os.exit(1)
  end
end

for _, url in ipairs(arg) do
  coroutine.wrap(fetch)(url)
end

if not process then
  uv.run()
end
