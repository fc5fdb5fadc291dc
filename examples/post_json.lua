-- Sends a value as JSON and decodes what comes back; needs a JSON library, such as lua-cjson:
--
--     luajit examples/post_json.lua https://httpbin.org/post

local curl = require 'luvcurl'

local arg = arg or { unpack(process.argv, 2) } -- luvit's
local url = assert(arg[1], 'usage: post_json.lua URL')

local res = assert(curl.post(url, {
  json = { name = 'luvcurl', tags = { 'libcurl', 'luv' } },
  query = { page = 1 },
}))
res:raise_for_status()

local answer = assert(res:json())
for key, value in pairs(answer) do
  print(key, type(value) == 'table' and '{…}' or tostring(value))
end
