-- Many requests at once, each in a coroutine that reads as if it were alone:
--
--     luajit examples/concurrent.lua URL [URL…]

local curl = require 'luvcurl'
local uv = require 'luv'

assert(arg and arg[1], 'usage: concurrent.lua URL [URL…]')

local failures = 0

local function fetch(url)
  local res, err = curl.get(url, { timeout = 30000 })
  if res then
    print(('%3d  %8d bytes  %7.1f ms  %s'):format(res.status, #res.body, res.timings.total, url))
  else
    failures = failures + 1
    print(('%s  %s'):format(tostring(err), url))
  end
end

for _, url in ipairs(arg) do
  coroutine.wrap(fetch)(url)
end

uv.run()
os.exit(failures == 0 and 0 or 1)
