--- The request fields `auth` and `bearer`.

local check = require('luvcurl/base/check')
local misuse = require('luvcurl/base/misuse')

local auth = {}

--- CURLAUTH_* bits. 'any' is all of them but the one for old Internet Explorers (~16 = -17).
local SCHEMES = { basic = 1, digest = 2, negotiate = 4, ntlm = 8, any = -17 }
local BEARER = 64

auth.SCHEMES = SCHEMES

--- What `'user:password'` or `{user =, password =, scheme =}` says.
---@param where string
---@param value any
---@return string user
---@return string password
---@return integer scheme
function auth.parse(where, value)
  if type(value) == 'string' then
    check.line(where, value)
    local user, password = value:match('^([^:]*):(.*)$')
    if not user then
      misuse(where .. ": expected 'user:password'") -- the value itself may be a secret
    end
    return user, password, SCHEMES.basic
  end
  if type(value) ~= 'table' then
    check.fail(where, "'user:password' or a table", value)
  end
  check.record(where, value, { 'user', 'password', 'scheme' })
  local scheme = check.word(where .. '.scheme', value.scheme or 'basic', SCHEMES)
  -- negotiate takes the user from the system's ticket
  local user = value.user
  if user == nil and (scheme == SCHEMES.negotiate) then
    user = ''
  end
  return check.line(where .. '.user', user),
    check.line(where .. '.password', value.password == nil and '' or value.password),
    scheme
end

---@param out luvcurl.Flat
---@param where string
---@param value string|luvcurl.Auth
function auth.field(out, where, value)
  local user, password, scheme = auth.parse(where, value)
  out:push('httpauth', scheme)
  out:push('username', user)
  out:push('password', password)
end

---@param out luvcurl.Flat
---@param where string
---@param token string
function auth.bearer(out, where, token)
  if out.request.auth ~= nil then
    misuse('request: auth and bearer exclude each other')
  end
  out:push('httpauth', BEARER)
  out:push('xoauth2_bearer', check.line(where, token))
end

return auth
