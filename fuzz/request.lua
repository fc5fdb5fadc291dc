-- Request tables made of bytes: a field and a value of any shape after the other. A request is
-- either refused, by an error that is a string, or it ends in one callback; it goes nowhere, since
-- it is cancelled before the loop runs.

local uv = require 'luv'
local curl = require 'luvcurl'

local FIELDS = { 'url', 'base_url', 'method', 'query', 'headers', 'body', 'json', 'form',
  'multipart', 'auth', 'bearer', 'redirects', 'timeout', 'connect_timeout', 'low_speed',
  'first_byte', 'idle', 'proxy', 'tls', 'http_version', 'accept_encoding', 'max_body',
  'high_water', 'range', 'resume_from', 'expect', 'on_response', 'on_data', 'on_progress',
  'options', 'nonsense' }
local KEYS = { 'user', 'password', 'scheme', 'url', 'name', 'data', 'body', 'parts', 'filename',
  'type', 'headers', 'limit', 'time', 'verify', 'min_version', 'bypass', 'tcp_keepalive',
  'httpheader', 'useragent', 'postquote', 'x-any' }
local NUMBERS = { 0, 1, -1, 0.5, 2 ^ 31, 2 ^ 53, 1e300, 0 / 0, 1 / 0, 1000 }

local Reader = {}
Reader.__index = Reader

function Reader:byte()
  self.at = self.at + 1
  return self.bytes:byte(self.at) or 0
end

function Reader:text()
  local size = self:byte() % 24
  local text = self.bytes:sub(self.at + 1, self.at + size)
  self.at = self.at + size
  return text
end

function Reader:value(depth)
  local kind = self:byte() % (depth < 4 and 9 or 6)
  if kind == 0 then
    return true
  elseif kind == 1 then
    return false
  elseif kind == 2 then
    return NUMBERS[self:byte() % #NUMBERS + 1]
  elseif kind == 3 then
    return self:byte()
  elseif kind <= 5 then
    return self:text()
  elseif kind == 6 then
    return function() end
  end
  local result = {}
  for i = 1, self:byte() % 5 do
    local key = kind == 7 and i or self:byte() % 3 == 0 and self:text()
      or KEYS[self:byte() % #KEYS + 1]
    result[key] = self:value(depth + 1)
  end
  return result
end

return function(bytes)
  local reader = setmetatable({ bytes = bytes, at = 0 }, Reader)
  local given = { url = 'http://127.0.0.1:1/' }
  for _ = 1, reader:byte() % 8 do
    given[FIELDS[reader:byte() % #FIELDS + 1]] = reader:value(1)
  end
  if type(given.body) == 'table' then
    given.body = nil -- files of this machine are not to be read
  end
  local finals = 0
  local ok, t = pcall(curl.request, given, function(err)
    assert(err.name == 'ABORTED_BY_CALLBACK', tostring(err))
    finals = finals + 1
  end)
  if not ok then
    assert(type(t) == 'string' and not t:find('attempt to'), t)
    return
  end
  t:cancel()
  uv.run()
  assert(finals == 1, 'no final callback')
end
