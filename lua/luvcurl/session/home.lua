--- Where a session's secrets may go: to the origin of its `base_url` and to those it trusts. To any
--- other, a link that a server gave or a name that a user typed, go the defaults without them.

local check = require('luvcurl/base/check')
local misuse = require('luvcurl/base/misuse')
local pairlist = require('luvcurl/request/pairlist')
local request = require('luvcurl/request/request')

local home = {}

local PORTS = { http = '80', https = '443', ftp = '21', ftps = '990' }

--- The defaults' headers that a stranger may see: turned round, as for a redirect.
local HARMLESS = {}
for name in ([[accept accept-charset accept-encoding accept-language cache-control connection
  content-encoding content-language content-type dnt expect keep-alive pragma te
  transfer-encoding upgrade-insecure-requests user-agent]]):gmatch('%S+') do
  HARMLESS[name] = true
end

--- What of libcurl's options says who one is.
local SECRET_OPTIONS = {}
for name in ([[userpwd username password login_options sasl_authzid xoauth2_bearer cookie cookielist
  cookiefile cookiejar httpheader httpauth sslcert sslkey keypasswd sslcert_blob sslkey_blob
  tlsauth_username tlsauth_password ssh_private_keyfile ssh_public_keyfile aws_sigv4 mail_auth
  unrestricted_auth referer]]):gmatch('%S+') do
  SECRET_OPTIONS[name] = true
end

local SECRET_TLS = { cert = true, key = true, key_password = true }

--- "scheme://host:port" of a URL in libcurl's form, in lower case.
---@param url string
---@return string|nil
local function origin_of(url)
  local scheme, authority = url:match('^(%a[%w+.-]*)://([^/?#]*)')
  if not scheme then
    return nil
  end
  scheme = scheme:lower()
  local host = authority:gsub('^.*@', ''):lower()
  if not host:find(':%d+$') then
    host = host .. ':' .. (PORTS[scheme] or '')
  end
  return scheme .. '://' .. host
end

---@param from table|nil
---@param unwanted table<string, true>
---@return table|nil
local function without(from, unwanted)
  if type(from) ~= 'table' then
    return from
  end
  local left = {}
  for name, value in pairs(from) do
    if not unwanted[name] then
      left[name] = value
    end
  end
  return left
end

---@param headers table|nil
---@return table|nil
local function harmless(headers)
  if headers == nil then
    return nil
  end
  local left = {}
  pairlist.each('session.headers', headers, function(name, value)
    if HARMLESS[name:lower()] then
      left[#left + 1] = { name, value }
    end
  end)
  return left
end

--- The defaults as a stranger may see them.
---@param defaults table
---@return table
function home.public(defaults)
  local public = without(defaults, { auth = true, bearer = true, query = true })
  public.headers = harmless(defaults.headers)
  public.options = without(defaults.options, SECRET_OPTIONS)
  public.tls = without(defaults.tls, SECRET_TLS)
  return public
end

---@param trusted any
---@return table<string, true>
local function origins(trusted)
  local known = {}
  if trusted == nil then
    return known
  end
  for i, text in ipairs(check.type('session.trusted', trusted, 'table')) do
    local where = ('session.trusted[%d]'):format(i)
    local url = request.resolve(check.type(where, text, 'string'), nil)
    if not url:find('^%a[%w+.-]*://[^/?#@]+/?$') then
      misuse(where .. ": expected an origin like 'https://host:port'")
    end
    known[origin_of(url)] = true
  end
  return known
end

--- A function that says whether a URL, in its final form, is one of a stranger's. nil when there is
--- neither a `base_url` nor a `trusted`: then the session is for any server.
---@param base_url string|nil
---@param trusted string[]|nil
---@return (fun(url: string): boolean)|nil
function home.stranger(base_url, trusted)
  if base_url == nil and trusted == nil then
    return nil
  end
  local known = origins(trusted)
  local prefix
  if base_url ~= nil then
    local base = request.resolve(base_url, nil)
    known[origin_of(base)] = true
    prefix = base:match('^%a[%w+.-]*://[^/?#]*/')
  end
  local length = prefix and #prefix
  return function(url)
    if prefix and url:sub(1, length) == prefix then
      return false
    end
    return not known[origin_of(url)]
  end
end

return home
