--- Requests with shared defaults and a Multi of their own.

local api = require('luvcurl/session/api')
local check = require('luvcurl/base/check')
local headerlist = require('luvcurl/request/headerlist')
local home = require('luvcurl/session/home')
local misuse = require('luvcurl/base/misuse')
local Multi = require('luvcurl/call/multi')
local pairlist = require('luvcurl/request/pairlist')
local request = require('luvcurl/request/request')

--- Not defaults: these make one request.
local SINGLE = {
  'url', 'method', 'body', 'json', 'form', 'multipart', 'range', 'resume_from', 'on_response',
  'on_data', 'on_progress',
}

---@class luvcurl.SessionSettings : luvcurl.Request, luvcurl.MultiSettings
---@field base_url? string  what relative URLs of requests are joined to. With one, `auth`,
---  `bearer`, `query`, client certificates and all headers that are not known to be harmless go to
---  its origin only
---@field trusted? string[]  origins ('https://host:port') that get them, too

--- Nothing of a request is deeper, unless it is a table that has itself in it.
local MOST_DEPTH = 32

--- A copy that stays as it is whatever becomes of the original. What has a metatable is taken as
--- it is.
local function snapshot(where, value, depth)
  if type(value) ~= 'table' or getmetatable(value) then
    return value
  elseif depth > MOST_DEPTH then
    misuse(('%s: tables nested deeper than %d, or in a circle'):format(where, MOST_DEPTH))
  end
  local copy = {}
  for name, inner in pairs(value) do
    copy[name] = snapshot(where, inner, depth + 1)
  end
  return copy
end

---@param settings any
---@return table defaults
---@return table limits
---@return string[]|nil trusted
local function split(settings)
  settings = settings == nil and {} or check.type('session settings', settings, 'table')
  local defaults, limits = {}, {}
  for name, value in pairs(settings) do
    defaults[name] = snapshot('session.' .. tostring(name), value, 1)
  end
  for _, name in ipairs(Multi.SETTINGS) do
    limits[name], defaults[name] = defaults[name], nil
  end
  for _, name in ipairs(SINGLE) do
    if defaults[name] ~= nil then
      misuse(('session: %s belongs to a single request'):format(name))
    end
  end
  local trusted = defaults.trusted
  defaults.trusted = nil
  request.freeze(defaults)
  return defaults, limits, trusted
end

local function merge_query(base, over)
  if base == nil or over == nil then
    return over or base
  end
  local merged = {}
  for _, list in ipairs({ base, over }) do
    pairlist.each('request.query', list, function(name, value)
      merged[#merged + 1] = { name, value }
    end)
  end
  return merged
end

local function merge_options(base, over)
  if base == nil or over == nil then
    return over or base
  end
  local merged = {}
  for _, options in ipairs({ base, check.type('request.options', over, 'table') }) do
    for name, value in pairs(options) do
      merged[name] = value
    end
  end
  return merged
end

--- A request's fields over the defaults: headers by name whatever their case, options by name,
--- queries one after the other, everything else as a whole. Auth and bearer replace each other.
local function merge(defaults, given)
  local merged = {}
  for name, value in pairs(defaults) do
    merged[name] = value
  end
  if given.auth ~= nil or given.bearer ~= nil then
    merged.auth, merged.bearer = nil, nil
  end
  for name, value in pairs(given) do
    merged[name] = value
  end
  merged.headers = headerlist.merge('request.headers', defaults.headers, given.headers)
  merged.query = merge_query(defaults.query, given.query)
  merged.options = merge_options(defaults.options, given.options)
  return merged
end

--- Makes a session: the verbs of `curl` (as `session.get(…)` or `session:get(…)`), with these
--- settings as defaults of every request. Raises when one is not valid.
---@param settings? luvcurl.SessionSettings
---@return luvcurl.Session
return function(settings)
  local defaults, limits, trusted = split(settings)
  local is_stranger = home.stranger(defaults.base_url, trusted)
  local public = is_stranger and home.public(defaults)
  if public then
    request.freeze(public)
  end

  --- Those that may go where the request goes.
  local function defaults_for(url, base)
    if is_stranger and url ~= nil and is_stranger(request.resolve(url, base)) then
      return public
    end
    return defaults
  end

  ---@class luvcurl.Session : luvcurl.Verbs
  ---@field multi luvcurl.Multi
  local self = { multi = Multi:new(limits) }
  local verbs = api.build({
    core = function()
      return self.multi.core
    end,
    prepare = function(given, url)
      if type(given) == 'string' then
        return defaults_for(given, defaults.base_url), given
      elseif type(given) ~= 'table' then
        check.fail('request', 'a URL or a table', given)
      end
      local base = given.base_url
      if base == nil then
        base = defaults.base_url
      end
      return merge(defaults_for(url or given.url, base), given), url
    end,
  })
  api.give(self, verbs)

  --- Ends what is in flight and refuses further requests.
  ---@param first? luvcurl.Session|fun()  the session itself, if called with a colon
  ---@param callback? fun()
  function self.close(first, callback)
    if first ~= self then
      callback = first
    end
    self.multi:close(callback)
  end

  return setmetatable(self, {
    __name = 'luvcurl.Session',
    __tostring = function()
      local base = (defaults.base_url or ''):gsub('^(%a[%w+.-]*://)[^/?#]*@', '%1')
      return ('luvcurl.Session: %s%d transfers'):format(base == '' and '' or base .. ', ',
        self.multi:count())
    end,
  })
end
