-- Tells all who have subscribed, eight at a time: luajit examples/fan_out.lua EVENT < URLS

local curl = require 'luvcurl'

local results = assert(curl.map(io.lines(), 8, function(url)
  return curl.post(url, { json = { event = arg[1] }, timeout = 10000 })
end, { settle = true }))
for i, one in ipairs(results) do
  print(i, one.ok and one.value.status or one.err)
end
