--- The request field `proxy`: a URL, false for none, or a table.

local auth = require('luvcurl/request/auth')
local check = require('luvcurl/base/check')
local misuse = require('luvcurl/base/misuse')

local KNOWN = { 'url', 'user', 'password', 'scheme', 'bypass' }

local function bypass(where, value)
  if type(value) == 'table' then
    local hosts = {}
    for i, host in ipairs(value) do
      hosts[i] = check.line(('%s[%d]'):format(where, i), host)
    end
    return table.concat(hosts, ',')
  end
  return check.line(where, value)
end

---@param out luvcurl.Flat
---@param where string
---@param proxy string|false|luvcurl.Proxy
return function(out, where, proxy)
  if proxy == false then
    return out:push('proxy', '')
  elseif type(proxy) == 'string' then
    return out:push('proxy', check.line(where, proxy))
  elseif type(proxy) ~= 'table' then
    check.fail(where, 'a URL, false or a table', proxy)
  end
  check.record(where, proxy, KNOWN)
  if proxy.url == nil then
    misuse(where .. '.url: missing')
  end
  out:push('proxy', check.line(where .. '.url', proxy.url))
  if proxy.user ~= nil or proxy.password ~= nil or proxy.scheme ~= nil then
    local user, password, scheme = auth.parse(where,
      { user = proxy.user, password = proxy.password, scheme = proxy.scheme })
    out:push('proxyauth', scheme)
    out:push('proxyusername', user)
    out:push('proxypassword', password)
  end
  if proxy.bypass ~= nil then
    out:push('noproxy', bypass(where .. '.bypass', proxy.bypass))
  end
end
