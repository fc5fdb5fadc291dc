--- What came back. `status` and `body` are there at once; the rest is fetched from the transfer
--- when first asked for.

local errors = require('luvcurl/response/error')
local headers = require('luvcurl/response/headers')
local infos = require('luvcurl/response/infos')
local json = require('luvcurl/response/json')
local misuse = require('luvcurl/base/misuse')

---@class luvcurl.Response
---@field status integer         0 for protocols without one
---@field body string|nil        nil when the body is streamed
---@field ok boolean             whether status is below 400
---@field reason string|nil      HTTP/1's words after the status
---@field http_version string|nil '1.0', '1.1', '2' or '3'
---@field url string             the last one, after redirects, without credentials
---@field headers luvcurl.Headers  of the final response
---@field trailers luvcurl.Headers what came after the body
---@field history luvcurl.Hop[]  the redirects on the way
---@field informational luvcurl.Headers  of the 1xx responses
---@field timings luvcurl.Timings  milliseconds
---@field transfer luvcurl.Transfer
local methods = {}

---@class luvcurl.Hop
---@field status integer
---@field url string
---@field headers luvcurl.Headers

--- Computed on demand and kept.
---@type table<string, fun(t: luvcurl.Transfer, self: luvcurl.Response): any>
local getters = {}

function getters.ok(_, self)
  return rawget(self, 'status') < 400
end

function getters.reason(t)
  return t:reason()
end

function getters.http_version(t)
  return t:http_version()
end

function getters.url(t)
  return t:url()
end

function getters.headers(t)
  return headers.new(t:headers())
end

function getters.trailers(t)
  return headers.new(t:headers('trailer'))
end

function getters.informational(t)
  return headers.new(t:headers('1xx'))
end

function getters.timings(t)
  return t:timings()
end

function getters.history(t)
  local hops, last = t:hops()
  if hops[1] and hops[#hops].response == last then
    hops[#hops] = nil -- that led nowhere: it is the response itself
  end
  for _, hop in ipairs(hops) do
    hop.headers = headers.new(t:headers('header', hop.response))
    hop.response = nil
  end
  return hops
end

--- The body as text: what `body` is, or for a stream what is left of it.
---@return string|nil
function methods:text()
  return self.body
end

--- The body decoded, by the host's JSON library.
---@return any|nil value
---@return luvcurl.Error|nil err  named INVALID_JSON when the body is none; a stream's own otherwise
function methods:json()
  local text, err = self:text()
  if not text then
    return nil, err
  end
  local value, why = json.decode(text)
  if why then
    return nil, errors.new({
      name = 'INVALID_JSON', message = why, url = self.url, phase = 'body', response = self,
    })
  end
  return value
end

--- The value of a header, whatever its case; several lines joined with ', '.
---@param name string
---@return string|nil
function methods:header(name)
  if type(name) ~= 'string' then
    misuse('response:header: expected a name, got ' .. type(name))
  end
  return self.headers:get(name)
end

--- Raises an Error named HTTP_RETURNED_ERROR when status is 400 or more.
---@return luvcurl.Response self
function methods:raise_for_status()
  if self.ok then
    return self
  end
  local reason = self.reason
  error(errors.new({
    name = 'HTTP_RETURNED_ERROR', code = 22, phase = 'body', url = self.url, response = self,
    message = ('the server answered %d%s: %s'):format(
      self.status, reason and reason ~= '' and ' ' .. reason or '', self.url),
  }), 2)
end

--- One of libcurl's facts about the transfer, by its name in lower case: 'primary_ip'. After the
--- final callback these are there: effective_url, response_code, http_version, num_connects,
--- scheme, content_type, redirect_count, primary_ip, primary_port, local_ip, local_port,
--- request_size, header_size, size_upload_t, size_download_t and the times (…_time_t); others
--- where the request's `infos` has named them. The rest raises an error then.
---@param name string
---@return any
function methods:info(name)
  return infos.get(self.transfer, name)
end

local response = { methods = methods }

--- An __index that looks among `own` methods, then among a response's own and what it computes.
---@param own table|nil
---@return fun(self: table, key: any): any
function response.index(own)
  return function(self, key)
    local method = own and own[key] or methods[key]
    if method then
      return method
    end
    local getter = getters[key]
    if getter then
      local value = getter(rawget(self, 'transfer'), self)
      rawset(self, key, value)
      return value
    end
  end
end

local function to_string(self)
  return ('luvcurl.Response: %d %s'):format(self.status, self.url)
end

response.tostring = to_string

local meta = {
  __name = 'luvcurl.Response',
  __index = response.index(),
  __tostring = to_string,
}

---@param t luvcurl.Transfer
---@param status integer
---@param body string|nil
---@return luvcurl.Response
function response.new(t, status, body)
  return setmetatable({ transfer = t, status = status, body = body }, meta)
end

return response
