--- From what a user writes (a URL, or a table of fields) to what the C side takes: a URL, an
--- immutable set of libcurl options, a body and the settings of the sink.
---
--- Defaults: http and https only; at most 10 redirects; 30 s to connect; no limit on the whole
--- time (`timeout`) nor on the body (`max_body`); every encoding libcurl can undo is accepted;
--- proxies as the environment says, certificates as it said when the library was loaded. `options`
--- may override any of them.

local body_field = require('luvcurl/request/body')
local check = require('luvcurl/base/check')
local core = require('luvcurl_core')
local elsewhere = require('luvcurl/request/elsewhere')
local fields = require('luvcurl/request/fields')
local headerlist = require('luvcurl/request/headerlist')
local misuse = require('luvcurl/base/misuse')
local optionset = require('luvcurl/request/optionset')
local pairlist = require('luvcurl/request/pairlist')
local suggest = require('luvcurl/base/suggest')

local request = {}

-- URLs ---------------------------------------------------------------------------------------

local NONE = {}

--- A path below the base's, as httpx, axios and got join them: with one slash between.
---@param base string
---@param text string
---@return string
local function joined(base, text)
  if base:find('[?#]') then
    misuse('request.base_url: must have neither a query nor a fragment (the field query is for it)')
  elseif text == '' then
    return base
  end
  return base:gsub('/+$', '') .. '/' .. text:gsub('^/+', '')
end

---@param text any
---@param base string|nil
---@param query string[]|nil
---@return string
local function build_url(text, base, query, options)
  check.url('request.url', text)
  options = options or NONE
  if text:find('%c') then
    misuse('request.url: must not contain CR, LF, NUL or other control characters')
  elseif text == '' and not base then
    misuse('request.url: is empty')
  end
  if base and not text:find('^%a[%w+.-]*:/') and text:sub(1, 2) ~= '//' then
    text, base = joined(base, text), nil
  elseif not base and options.default_protocol and not text:find('^%a[%w+.-]*:/') then
    text = options.default_protocol .. '://' .. text
  end
  local as_is, no_user = options.path_as_is, options.disallow_username_in_url
  local ok, url = pcall(core.url, text, base, query, as_is and as_is ~= 0,
    no_user and no_user ~= 0)
  if not ok then
    misuse(url)
  end
  return url
end

local MAX_URLS = 1024
local urls, url_count = {}, 0 -- by base (false: none), then by what was relative to it

--- The final form of a URL; remembered, as most programs ask for few different ones.
---@param text any
---@param base string|nil
---@return string
local function known_url(text, base)
  local of_base = urls[base or false]
  local url = of_base and of_base[text]
  if not url then
    url = build_url(text, base)
    if url_count >= MAX_URLS then
      urls, url_count, of_base = {}, 0, nil
    end
    if not of_base then
      of_base = {}
      urls[base or false] = of_base
    end
    of_base[text] = url
    url_count = url_count + 1
  end
  return url
end

--- The final form of a URL: relative to `base` if there is one.
---@param text any
---@param base string|nil
---@return string
function request.resolve(text, base)
  if base ~= nil then
    base = known_url(base)
  end
  return known_url(text, base)
end

-- The flattening -----------------------------------------------------------------------------

---@class luvcurl.Flat
---@field list any[]                    options beyond the defaults: name, value, name, value, …
---@field request luvcurl.Request       what the user gave
---@field lines string[]|nil            header lines
---@field has table<string, true>|nil   header names that the user spoke about, lower case
---@field sink table|nil                settings of the sink, if there are any
---@field body string|nil
local Flat = {}
Flat.__index = Flat

--- Adds a libcurl option.
---@param name string
---@param value any
function Flat:push(name, value)
  local list = self.list
  local n = #list
  list[n + 1] = name
  list[n + 2] = value
end

--- A header of luvcurl's own making, unless the user spoke about it; nil keeps libcurl's away.
---@param name string
---@param value string|nil
function Flat:header(name, value)
  if not (self.has and self.has[name:lower()]) then
    self.lines = self.lines or {}
    self.lines[#self.lines + 1] = value and name .. ': ' .. value or name .. ':'
  end
end

--- The sink's settings, made when they are first needed.
---@return table
function Flat:settings()
  self.sink = self.sink or {}
  return self.sink
end

local NAMES, PLACES = {}, {} -- what errors call a field
for _, list in ipairs({ fields.order, fields.others }) do
  for _, name in ipairs(list) do
    NAMES[#NAMES + 1] = name
    PLACES[name] = 'request.' .. name
  end
end

local VERBS = {
  GET = true, HEAD = true, POST = true, PUT = true, PATCH = true, DELETE = true, OPTIONS = true,
}

---@param given any
---@param has_body boolean
---@return string
local function method_of(given, has_body)
  if given == nil then
    return has_body and 'POST' or 'GET'
  end
  headerlist.token('request.method', given)
  local upper = given:upper()
  return VERBS[upper] and upper or given
end

--- Without a body they have an empty one.
local TAKES_BODY = { POST = true, PUT = true, PATCH = true }

local KEEP_ON_301_302 = 3 -- CURL_REDIR_POST_301 | CURL_REDIR_POST_302

local function apply_method(out, method, has_body)
  if method == 'HEAD' then
    if has_body then
      misuse('request: a HEAD request has no body')
    end
    out:push('nobody', 1)
  elseif method == 'POST' then
    out:push('post', 1)
  elseif method ~= 'GET' or has_body then
    if has_body then
      out:push('post', 1)
    end
    out:push('customrequest', method)
    if has_body then
      out:push('postredir', KEEP_ON_301_302) -- else its body would be dropped; a 303 makes it a GET
    end
  end
end

local function apply_headers(out, given)
  if given.headers ~= nil then
    out.lines, out.has = headerlist.lines('request.headers', given.headers)
  end
  if given.expect ~= nil then
    local expect = check.type('request.expect', given.expect, 'boolean')
    out:header('Expect', expect and '100-continue' or nil)
  end
end

---@param given table
local function check_names(given)
  for name in pairs(given) do
    if not PLACES[name] then
      local hint = elsewhere[given.href and 'href' or name] -- of one that was parsed, all are
      misuse(hint and ("unknown request field '%s'; %s"):format(name, hint)
        or suggest.unknown('request field', name, NAMES))
    end
  end
end

---@param url any
---@param given table
---@return string
local function url_of(url, given)
  if url == nil then
    misuse('request.url: missing')
  end
  local base, query, options = given.base_url, given.query, given.options
  if base ~= nil then
    base = known_url(base)
  end
  if type(options) == 'table' and (options.path_as_is or options.disallow_username_in_url
    or options.default_protocol) then
    url = build_url(url, base, nil, options)
  else
    url = known_url(url, base)
  end
  return query == nil and url or build_url(url, nil, pairlist.flatten('request.query', query),
    options)
end

---@param given table
---@param method string|nil
---@return luvcurl.Flat
local function flatten(given, method)
  local out = setmetatable({ list = {}, request = given }, Flat)
  out.redirects = optionset.REDIRECTS
  local list = fields.order
  for i = 1, #list do
    local field = list[i]
    local value = given[field]
    if value ~= nil then
      fields.apply[field](out, PLACES[field], value, field)
    end
  end
  apply_headers(out, given)
  local has_body = body_field(out, given)
  method = method_of(method or given.method, has_body)
  if not has_body and TAKES_BODY[method] then
    out.body, has_body = '', true -- said by a length of 0, which many servers insist on
    out:header('Content-Type', nil) -- libcurl would call it a form
  end
  apply_method(out, method, has_body)
  if out.lines and out.lines[1] then
    out:push('httpheader', out.lines)
  end
  if given.options ~= nil then
    fields.apply.options(out, 'request.options', given.options) -- last: may override any
  end
  return out
end

-- Requests that were flattened before ----------------------------------------------------------

---@class luvcurl.Frozen
---@field options fun(url: string): luvcurl.Options
---@field sink table|nil
local frozen = setmetatable({}, { __mode = 'k' })

--- Checks the fields that many requests share, a session's defaults, and notes what they come to
--- for a request that adds only its URL. The table must not change any more.
---@param given table  without a method, a body and hooks
function request.freeze(given)
  request.compile(given, 'http://localhost/') -- what is not valid raises now
  local out = flatten(given)
  frozen[given] = { options = optionset.fixed(out.list), sink = out.sink }
end

---@param settings table|nil
---@return table|nil
local function copy(settings)
  if not settings then
    return nil
  end
  local own = {}
  for name, value in pairs(settings) do
    own[name] = value
  end
  return own
end

--- Checks and flattens a request. Raises errors that name the argument.
---@param given string|luvcurl.Request
---@param url string|nil     goes before given.url
---@param method string|nil  goes before given.method
---@return string url
---@return luvcurl.Options options
---@return string|nil body
---@return table|nil sink  settings for the sink, its `read` method if the body is a source
function request.compile(given, url, method)
  if type(given) == 'string' and not method then
    url = known_url(given)
    return url, optionset.plain(url)
  end
  local before = not method and frozen[given]
  if before then
    url = url_of(url, given)
    return url, before.options(url), nil, copy(before.sink)
  end
  if type(given) == 'string' then
    given = { url = given }
  elseif type(given) ~= 'table' then
    check.fail('request', 'a URL or a table', given)
  end
  check_names(given)
  url = url_of(url or given.url, given)
  local out = flatten(given, method)
  return url, optionset.of(url, out.list), out.body, out.sink
end

return request
