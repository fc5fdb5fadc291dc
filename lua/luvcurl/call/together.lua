--- Many at once, waited for as one: curl.all, curl.any and curl.map.

local await = require('luvcurl/host/await')
local check = require('luvcurl/base/check')
local group = require('luvcurl/call/group')
local misuse = require('luvcurl/base/misuse')
local perform = require('luvcurl/call/perform')

local unpack = table.unpack or unpack -- luacheck: ignore 143

--- Gives what the group comes to in the caller's style.
local function give(way, one, callback)
  if callback == nil then
    return one:result()
  end
  return way.spawn(function() return one:result() end, callback)
end

--- Raises where the caller could not wait, before anything is started.
local function check_style(callback)
  if callback == nil then
    await.place()
  else
    perform.check_callback(callback)
  end
end

local function check_list(name, list)
  check.type(name, list, 'table')
  local n = #list
  for key, item in pairs(list) do
    if type(key) == 'number' and key >= 1 and key <= n and key % 1 == 0 then
      if type(item) ~= 'string' and type(item) ~= 'table' and not check.is_callable(item) then
        check.fail(('%s[%d]'):format(name, key), 'a URL, a request, a function or a task', item)
      end
    elseif key ~= 'settle' then
      misuse(('%s: expected a list, got the key %s'):format(name, check.shown(tostring(key))))
    end
  end
  return n
end

local function start_all(one, list, n)
  for i = 1, n do
    local ok, why = pcall(one.start, one, i, list[i])
    if not ok then
      one:cancel()
      error(why, 0)
    end
  end
  return one
end

local function settle_of(name, options)
  if options.settle == nil then
    return 'all'
  end
  return check.type(name .. '.settle', options.settle, 'boolean') and 'settle' or 'all'
end

local together = {}

--- Starts all of a list and waits for them: their results, in order.
---@param way luvcurl.GroupWay
---@param list table  URLs, requests, functions, tasks; `settle`
---@param callback function|nil
---@return any
---@return any err
function together.all(way, list, callback)
  check_style(callback)
  local n = check_list('curl.all', list)
  return give(way, start_all(group.new(way, settle_of('curl.all', list)), list, n), callback)
end

--- Starts all of a list and waits for the first that succeeds.
---@param way luvcurl.GroupWay
---@param list table  URLs, requests, functions, tasks
---@param callback function|nil
---@return any
---@return any err
function together.any(way, list, callback)
  check_style(callback)
  local n = check_list('curl.any', list)
  if n == 0 then
    misuse('curl.any: there is nothing to wait for')
  elseif list.settle ~= nil then
    misuse('curl.any: settle is for curl.all')
  end
  return give(way, start_all(group.new(way, 'any'), list, n), callback)
end

--- What gives one item after the other, as values whose first is not nil.
local function iterator(from)
  if check.is_callable(from) then
    return from
  end
  check.type('curl.map', from, 'table')
  local i = 0
  return function()
    i = i + 1
    return from[i]
  end
end

--- Calls `fn` for each item, `most` at once.
---@param way luvcurl.GroupWay
---@param from table|function  a list, or an iterator
---@param most integer
---@param fn function
---@param options table|nil  `settle`
---@param callback function|nil
---@return any
---@return any err
function together.map(way, from, most, fn, options, callback)
  if callback == nil and check.is_callable(options) then
    options, callback = nil, options
  end
  check_style(callback)
  local following = iterator(from)
  most = check.integer('curl.map', most, 1, 'how many at once, 1 or more')
  if not check.is_callable(fn) then
    check.fail('curl.map', 'a function', fn)
  end
  options = check.record('curl.map', options or {}, { 'settle' })
  local one = group.new(way, settle_of('curl.map', options))
  local i = 0
  local function start(...)
    if (...) == nil or one.stopped then
      return false
    end
    i = i + 1
    local arguments, n = { ... }, select('#', ...)
    one:start(i, function() return fn(unpack(arguments, 1, n)) end)
    return true
  end
  one:feed(function()
    repeat
      one:room(most)
    until one.stopped or not start(following())
  end)
  return give(way, one, callback)
end

--- Calls one of these by its name, for base/lazy.lua.
---@param name 'all'|'any'|'map'
---@param ... any
---@return any
---@return any
return function(name, ...)
  return together[name](...)
end
