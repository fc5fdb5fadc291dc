--- The verbs, over a Multi: what `curl.` and a session have in common.

local check = require('luvcurl/base/check')
local lazy = require('luvcurl/base/lazy')
local misuse = require('luvcurl/base/misuse')
local perform = require('luvcurl/call/perform')

local download = lazy.call('luvcurl/download/download')
local scope = lazy.call('luvcurl/session/scope')
local stream = lazy.call('luvcurl/stream/stream')
local spawn = lazy.call('luvcurl/call/spawn')
local together = lazy.call('luvcurl/call/together')

--- (url [, request] [, callback]) or (request [, callback]). With a callback it returns the
--- Transfer, and calls `callback(err, res)` exactly once, later. Without, it returns the Response,
--- or nil and the Error: in a coroutine by yielding, in a main chunk by running the loop until
--- then. Raises an error when an argument is not valid, and in a luv callback that is no coroutine.
---@alias luvcurl.Verb fun(url: any, request?: any, callback?: luvcurl.Callback): any, any

--- What luvcurl itself and a session have in common.
---@class luvcurl.Verbs
---@field request luvcurl.Verb
---@field get luvcurl.Verb
---@field head luvcurl.Verb
---@field delete luvcurl.Verb
---@field options luvcurl.Verb
---@field post luvcurl.Verb
---@field put luvcurl.Verb
---@field patch luvcurl.Verb
---@field stream luvcurl.Verb  (a luvcurl.StreamRequest) returns when the headers are in: a
---  luvcurl.StreamResponse
---@field download luvcurl.DownloadVerb  (url, path [, opts] [, callback]): the body into a file
---@field all luvcurl.AllVerb  ({ … } [, callback]): the results of all, in order
---@field any luvcurl.AllVerb  ({ … } [, callback]): the result of the first that succeeds
---@field scope fun(settings?: luvcurl.ScopeSettings, fn?: function, callback?: function): any, any

--- Of URLs, requests, functions (each in a coroutine of its own) and tasks, all at once. `all`
--- gives { result, …, n = … }; the first failure cancels the others and is the error, unless the
--- list has `settle = true`: each result is then { ok = true, value = … } or
--- { ok = false, err = … }. `any` cancels the others once one has succeeded; when none has, the
--- error is named ALL_FAILED, with all of them in `errors`. A function fails when it raises an
--- error, or returns nil or false and one. In the styles of the verbs; with a callback it returns a
--- luvcurl.Spawned.
---@alias luvcurl.AllVerb fun(list: table, callback?: fun(err: any, results: any)): any, any

--- Calls fn for each item of a list, or for all that an iterator gives (which may wait), `most` at
--- once, each in a coroutine of its own. What it gives is as for `all`; `options` may have
--- `settle`.
---@alias luvcurl.MapVerb
---| fun(from: any, most: integer, fn: function, options?: table, callback?: function): any, any

local api = { download = download, spawn = spawn, stream = stream }

--- (url [, request] [, callback]) or (request [, callback]), sorted.
---@return string|table given
---@return string|nil url
---@return luvcurl.Callback|nil callback
local function arguments(url, given, callback)
  if callback == nil and given ~= nil and type(given) ~= 'table' then
    given, callback = nil, given
  elseif callback == nil and type(given) == 'table' and perform.is_callable(given) then
    given, callback = nil, given
  end
  if given == nil then
    return url, nil, callback
  end
  check.type('request', given, 'table')
  check.url('request.url', url)
  if given.url ~= nil then
    misuse('request.url: is given twice')
  end
  return given, url, callback
end

--- How requests go out.
---@class luvcurl.Api
---@field core fun(): luvcurl.CoreMulti
---@field prepare? fun(given: any, url: string|nil): table, string|nil  adds a session's defaults
---@field start? function     a scope's own, for perform.start
---@field wait? function      … for perform.wait
---@field stream? function    … for stream/stream.lua
---@field download? function  … for download/download.lua
---@field spawn? function     … for curl.spawn

---@param way luvcurl.Api
---@param method string|nil
local function verb(way, method)
  local core_of, prepare = way.core, way.prepare
  local start, wait = way.start or perform.start, way.wait or perform.wait
  local name = method
  if method == 'GET' then
    method = nil -- what a request is anyway; leaves a plain URL on its short path
  end
  return function(...)
    local given, url, callback = arguments(...)
    local forced = method
    if name and type(given) == 'table' then
      if given.method ~= nil then
        misuse(('request.method: %s is said by the function\'s name'):format(name))
      end
      forced = name
    end
    if prepare then
      given, url = prepare(given, url)
    end
    if callback ~= nil then
      return start(core_of(), given, url, forced, callback)
    end
    return wait(core_of(), given, url, forced)
  end
end

---@param way luvcurl.Api
local function streaming(way)
  local core_of, prepare = way.core, way.prepare
  local open = way.stream or stream
  return function(...)
    local given, url, callback = arguments(...)
    if prepare then
      given, url = prepare(given, url)
    end
    return open(core_of(), given, url, callback)
  end
end

--- The functions, by name. Each takes (url [, request] [, callback]) or (request [, callback]).
--- With a callback it returns the Transfer, and `callback(err, res)` is called exactly once;
--- without one it returns res, or nil and the Error: in a coroutine by yielding, in a main chunk
--- by running the loop until then. Raises where neither is possible.
---@param way luvcurl.Api
---@return table<string, function>
function api.build(way)
  local save = way.download or download
  local verbs = {
    request = verb(way, nil),
    get = verb(way, 'GET'),
    head = verb(way, 'HEAD'),
    delete = verb(way, 'DELETE'),
    options = verb(way, 'OPTIONS'),
    post = verb(way, 'POST'),
    put = verb(way, 'PUT'),
    patch = verb(way, 'PATCH'),
    stream = streaming(way),
    download = function(...)
      return save(way, ...)
    end,
    scope = function(...)
      return scope(api, way, ...)
    end,
  }
  local group = { request = verbs.request, spawn = way.spawn or spawn, core = way.core }
  for _, name in ipairs({ 'all', 'any' }) do
    verbs[name] = function(...)
      return together(name, group, ...)
    end
  end
  return verbs
end

--- Gives an object these functions, to be called as functions or as its methods.
---@param to table
---@param verbs table<string, function>
function api.give(to, verbs)
  for name, call in pairs(verbs) do
    to[name] = function(first, ...)
      if first == to then
        return call(...)
      end
      return call(first, ...)
    end
  end
end

--- curl.map, and that of a scope.
---@param way luvcurl.Api
---@return function
function api.map(way)
  local group = { spawn = way.spawn or spawn, core = way.core }
  return function(...)
    return together('map', group, ...)
  end
end

return api
