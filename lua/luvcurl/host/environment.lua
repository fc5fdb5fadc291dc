--- What the environment says: about proxies, looked at again at most every second, where libcurl
--- would for every request; and about certificates, read once, at load.

local authorities = require('luvcurl/host/authorities')
local core = require('luvcurl_core')
local library = require('luvcurl/host/library')

local time = os.time -- the cheapest clock there is

local environment = {}

--- The first of these variables that says something.
local function first(...)
  for i = 1, select('#', ...) do
    local value = os.getenv((select(i, ...)))
    if value and value ~= '' and not value:find('[\r\n]') then
      return value
    end
  end
  return nil
end

-- Proxies --------------------------------------------------------------------------------------

local read_at -- s
local proxies = {} -- by the URL's scheme; '' is none

--- Changes whenever a proxy has.
environment.generation = 0
environment.no_proxy = ''

--- As libcurl has it. HTTP_PROXY in capitals does not count: a CGI's environment has it from the
--- request's "Proxy:" header.
---@param scheme string
---@return string
local function find(scheme)
  local name = scheme .. '_proxy'
  local proxy = scheme == 'http' and first(name) or scheme ~= 'http' and first(name, name:upper())
  if not proxy and (scheme == 'ws' or scheme == 'wss') then
    return find(scheme == 'ws' and 'http' or 'https')
  end
  return proxy or first('all_proxy', 'ALL_PROXY') or ''
end

--- Reads all that was ever asked for again.
local function refresh(now)
  read_at = now
  local no_proxy = first('no_proxy', 'NO_PROXY') or ''
  local changed = no_proxy ~= environment.no_proxy
  environment.no_proxy = no_proxy
  for scheme, proxy in pairs(proxies) do
    proxies[scheme] = find(scheme)
    changed = changed or proxies[scheme] ~= proxy
  end
  if changed then
    environment.generation = environment.generation + 1
  end
end

--- The proxy for a URL of this scheme, as the environment had it within the last second.
---@param url string
---@return string
function environment.proxy_for(url)
  local now = time()
  if now ~= read_at then
    refresh(now)
  end
  local scheme = url:sub(1, 6) == 'https:' and 'https' or url:sub(1, 5) == 'http:' and 'http'
    or url:match('^(.-):') or 'http'
  local proxy = proxies[scheme]
  if not proxy then
    proxy = find(scheme)
    proxies[scheme] = proxy
  end
  return proxy
end

-- Certificates -----------------------------------------------------------------------------------

--- What the TLS library has no use for must not fail every request.
local function usable(option, path)
  return path and core.accepts(core.options({ option, path })) and path or nil
end

--- As the curl tool has it; without any of them what the system has, if libcurl does not know.
environment.ca_file = usable('cainfo', first('CURL_CA_BUNDLE', 'SSL_CERT_FILE'))
environment.ca_path = usable('capath', first('SSL_CERT_DIR'))
if not environment.ca_file and not environment.ca_path then
  local version = library.version
  local file, folder = authorities.find(version.ca_file, version.ca_path)
  environment.ca_file, environment.ca_path = usable('cainfo', file), usable('capath', folder)
end

return environment
