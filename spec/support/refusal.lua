-- What a call says to a request that it does not take: it raises, in words that fit on a screen.

local assert = require 'luassert'
local curl = require 'luvcurl'

--- Posts a request that has to be refused at the call.
---@param request table without its url
---@param pattern string of what the error says
return function(request, pattern)
  request.url = 'http://127.0.0.1:1/'
  local ok, why = pcall(curl.post, request)
  assert.is_false(ok)
  assert.matches(pattern, why)
  assert.is_true(#why < 2500)
  assert.is_nil(why:gsub('\n', ''):find('%c'))
end
