--- What the environment says about proxies and certificates, read once, at load. libcurl would
--- look the proxies up again for every request.

local authorities = require('luvcurl/host/authorities')
local core = require('luvcurl_core')
local library = require('luvcurl/host/library')

local environment = {}

local function first(...)
  for i = 1, select('#', ...) do
    local value = os.getenv((select(i, ...)))
    if value and value ~= '' and not value:find('[\r\n]') then
      return value
    end
  end
  return nil
end

local any = first('all_proxy', 'ALL_PROXY')

--- Proxies by the URL's scheme; '' is none. HTTP_PROXY in capitals does not count: a CGI's
--- environment has it from the request's "Proxy:" header.
environment.proxy = {
  http = first('http_proxy') or any or '',
  https = first('https_proxy', 'HTTPS_PROXY') or any or '',
}
environment.no_proxy = first('no_proxy', 'NO_PROXY') or ''

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

--- The proxy for a URL of this scheme.
---@param url string
---@return string
function environment.proxy_for(url)
  return url:sub(1, 6) == 'https:' and environment.proxy.https or environment.proxy.http
end

return environment
