-- Each public call, made inside each place where luvcurl calls a script, in each style of waiting:
-- every call is legal everywhere, and both the transfer whose callback it is and those that the
-- call starts end in exactly one final callback.

local curl = require 'luvcurl'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local hooks = require 'spec.support.hooks'
local fault = require 'spec.support.fault'
local servers = require 'spec.support.servers'

local uv, nginx = helper.uv, servers.nginx
local URL = nginx.url

local IN_CALLBACK = 'inside a luv callback pass a callback'

-- The calls --------------------------------------------------------------------------------------

-- name, fn(case), and what it does beyond: `ends` the transfer whose callback it is, or all of the
-- Multi's; `waits` where it can.
local CALLS = {}
local function calls(name, fn, more)
  local one = more or {}
  one.name, one.fn = name, fn
  CALLS[#CALLS + 1] = one
end

-- A transfer of the case's Multi that the call starts; the test waits for its end.
local function start(case, request, verb)
  case.left = case.left + 1
  local ended = false
  return case.session[verb or 'request'](request, function(err)
    assert(not ended, 'called twice')
    ended = true
    case.left = case.left - 1
    if err and err.name ~= 'ABORTED_BY_CALLBACK' and err.name ~= 'COULDNT_CONNECT' then
      error(tostring(err))
    end
  end)
end

-- The transfer whose callback we are in; another, which has just been added, where it has none.
local function on_transfer(fn)
  return function(case)
    return fn(case.t or start(case, URL .. '/1k'), case)
  end
end

local function later(fn)
  local timer = uv.new_timer()
  timer:start(5, 0, function()
    timer:close()
    fn()
  end)
end

calls('request, with a callback', function(case) start(case, URL .. '/small') end)
calls('20 requests', function(case)
  for _ = 1, 20 do
    start(case, URL .. '/1k')
  end
end)
calls('request to nobody', function(case) start(case, case.refused) end)
calls('post of a function', function(case)
  local left = 3
  start(case, { url = URL .. '/sink', body = function()
    left = left - 1
    return left > 0 and 'chunk' or nil
  end }, 'post')
end)
calls('stream, with a callback', function(case)
  case.left = case.left + 1
  case.session.stream(URL .. '/1m', function(err, res)
    case.left = case.left - 1
    if not err then
      res:close()
    end
  end)
end)
calls('stream, in a coroutine', function(case)
  case.left = case.left + 1
  coroutine.wrap(function()
    local res = case.session.stream(URL .. '/1m')
    if res then
      res:text()
    end
    case.left = case.left - 1
  end)()
end)
calls('discard, in a coroutine', function(case)
  case.left = case.left + 1
  coroutine.wrap(function()
    local res = case.session.stream(URL .. '/1m')
    if res then
      res:discard()
    end
    case.left = case.left - 1
  end)()
end)
calls('download', function(case)
  case.left = case.left + 1
  case.session.download(URL .. '/1k', case.folder .. '/other', function()
    case.left = case.left - 1
  end)
end)
calls('get, in a coroutine', function(case)
  case.left = case.left + 1
  coroutine.wrap(function()
    case.session.get(URL .. '/small')
    case.left = case.left - 1
  end)()
end)
calls('get, with no callback', function(case)
  local res = case.session.get(URL .. '/small')
  assert(res.status == 200)
end, { waits = true })
calls('Multi:add', function(case)
  case.left = case.left + 1
  case.session.multi:add(URL .. '/small', function() case.left = case.left - 1 end)
end)
calls('add to another Multi', function(case)
  local multi = case.new_multi { max_concurrent = 1 }
  case.left = case.left + 2
  for _ = 1, 2 do
    multi:add(URL .. '/small', function() case.left = case.left - 1 end)
  end
end)
calls('cancel', on_transfer(function(t) t:cancel() end), { ends = true })
calls('cancel, twice', on_transfer(function(t)
  t:cancel()
  assert(not t:cancel())
end), { ends = true })
calls('cancel of another', function(case)
  local t = start(case, URL .. '/slow')
  assert(t:cancel() and t:state() == 'done')
end)
calls('pause, then resume', on_transfer(function(t)
  t:pause()
  t:resume()
end))
calls('pause, resume later', on_transfer(function(t)
  t:pause()
  later(function() t:resume() end)
end))
calls('resume', on_transfer(function(t) t:resume() end))
calls('info', on_transfer(function(t)
  assert(t:info('http_version') ~= nil or true)
  assert(not pcall(t.info, t, 'no_such'))
end))
calls('state', on_transfer(function(t) assert(type(t:state()) == 'string') end))
calls('all that is known', on_transfer(function(t)
  assert(t:url() and t:headers() and t:hops() and t:timings() and t:status())
  local _ = { t:reason(), t:http_version(), t:failure(), tostring(t) }
end))
calls('unref, then ref', on_transfer(function(t)
  t:unref()
  t:unref()
  t:ref()
end))
calls('Multi:close', function(case) case.session.multi:close() end, { ends = true })
calls('session.close, with a callback', function(case)
  case.left = case.left + 1
  case.session.close(function() case.left = case.left - 1 end)
end, { ends = true })
calls('Multi:close, add', function(case)
  case.session.multi:close()
  local ok, err = pcall(case.session.get, URL .. '/small', function() end)
  assert(not ok and tostring(err):find 'closed', err)
end, { ends = true })
calls('Multi:count', function(case) assert(case.session.multi:count() >= 0) end)
calls('Multi:stats', function(case) assert(case.session.multi:stats().in_flight >= 0) end)
calls('tostring', function(case) return tostring(case.session.multi) end)
calls('Multi:new', function(case) case.new_multi():add(URL .. '/slow', function() end):cancel() end)
calls('session', function() curl.session { timeout = 100 }:close() end)
calls('version', function() return curl.version() end)
calls('escape', function() return curl.escape('a b') end)
calls('an invalid request', function(case)
  assert(not pcall(case.session.get, { url = URL, nonsense = 1 }, function() end))
  assert(not pcall(case.session.get, 'http://a b/', function() end))
end)
calls('collectgarbage', function() collectgarbage() end)
calls('collectgarbage, twice, of what was dropped', function(case)
  for _ = 1, 5 do
    curl.Multi:new():add(URL .. '/small', function() end)
  end
  case.t = nil
  collectgarbage()
  collectgarbage()
end)
calls('the session dropped', function(case)
  case.session, case.t = nil, nil
  collectgarbage()
  collectgarbage()
end)
calls('a coroutine that waits, dropped', function(case)
  case.left = case.left + 1
  local co = coroutine.create(function()
    case.session.get(URL .. '/small')
    case.left = case.left - 1
  end)
  assert(coroutine.resume(co))
  co = nil -- luacheck: ignore 311
  collectgarbage()
end)
calls('a coroutine that waits, resumed by others', function(case)
  case.left = case.left + 1
  local co = coroutine.create(function()
    assert(case.session.get(URL .. '/small').status == 200)
    case.left = case.left - 1
  end)
  for _ = 1, 3 do
    assert(coroutine.resume(co, 'not a response'))
  end
end)
-- Lua 5.4 alone can end a coroutine from outside; elsewhere it dies of what it runs into.
calls('a coroutine that waits, ended', function(case)
  local co = coroutine.create(function() case.session.get(URL .. '/small') end)
  assert(coroutine.resume(co))
  if coroutine.close then -- luacheck: ignore 143
    assert(coroutine.close(co)) -- luacheck: ignore 143
  end
end)
calls('an error caught', function() assert(not pcall(error, {})) end)
calls('a deep recursion caught', function()
  local function deeper() return 1 + deeper() end
  assert(not pcall(deeper))
end)

-- Neovim's loop must not be run in a callback; luv from 1.50 on refuses it (nothing happens then).
if not helper.nvim then
  for _, mode in ipairs { 'nowait', 'once', 'default' } do
    calls('uv.run ' .. mode, function(case)
      start(case, URL .. '/small')
      if mode == 'default' and case.feeds then
        later(uv.stop) -- the loop cannot end: the transfer waits for what is due here
      end
      uv.run(mode)
    end)
  end
  calls('uv.stop', function() uv.stop() end)
end

-- The places ------------------------------------------------------------------------------------

local made = {}

local function new_multi(settings)
  local multi = curl.Multi:new(settings)
  made[#made + 1] = multi
  return multi
end

local function in_coroutine()
  local co, main = coroutine.running()
  return co ~= nil and not main
end

-- Makes the call and notes how it went: an error of it would be mixed up with the transfer's own.
local function attempt(one, case)
  if one.waits and in_coroutine() then
    one.fn(case) -- PUC Lua 5.1 cannot yield inside a pcall
    return nil
  end
  local ok, problem = pcall(one.fn, case)
  if one.waits and not ok and tostring(problem):find(IN_CALLBACK, 1, true) then
    return nil
  end
  return not ok and tostring(problem) or nil
end

local function name_of(err)
  return type(err) == 'table' and err.name or err and tostring(err)
end

-- Makes one call in one place; returns what is wrong.
local function try(hook, style, one, place)
  local case = { style = style, url = URL, folder = place.folder, refused = place.refused,
    new_multi = new_multi, session = curl.session { timeout = 9000 }, left = 0,
    feeds = hook.yields }
  local finals, reached, problem, err = 0, 0, nil, nil
  function case.inside(t)
    reached = reached + 1
    case.t = t
    problem = attempt(one, case)
    case.t = nil
  end
  function case.final(e)
    finals = finals + 1
    err = e
  end
  hook.start(case)
  helper.wait_for(function() return problem or finals > 0 and case.left <= 0 end, nil, function()
    return ('%d finals, %d left'):format(finals, case.left)
  end)
  if problem or reached ~= 1 or finals ~= 1 or case.left ~= 0 then
    return problem or ('reached %d times, %d final callbacks, %d left'):format(reached, finals,
      case.left)
  end
  local name = name_of(err)
  if hook.name == 'the end of a failure' then
    return name ~= 'COULDNT_CONNECT' and tostring(err) or nil
  elseif hook.fails and one.ends and (hook.own or one.name:find 'close') then
    return name ~= 'ABORTED_BY_CALLBACK' and 'not ended: ' .. tostring(err) or nil
  elseif one.ends then -- what asks again finds the Multi closed
    local fine = not name or name == 'ABORTED_BY_CALLBACK' or name == 'FAILED_INIT'
      or name:find 'the Multi is closed'
    return not fine and tostring(err) or nil
  end
  return err and tostring(err) or nil
end

local done = 0

-- How many places there are: hooks and the styles they can be had in.
local places = 0
hooks.each(function() places = places + 1 end)

describe('inside', function()
  hooks.each(function(hook, style)
    it(('%s (%s): %d calls'):format(hook.name, style, #CALLS), function()
      local place = { folder = folder.new().path, refused = fault.refused() }
      for _, one in ipairs(CALLS) do
        local ok, problem = pcall(try, hook, style, one, place)
        if not ok or problem then
          error(('%s: %s'):format(one.name, tostring(problem)), 0)
        end
        done = done + 1
      end
      made = {}
    end)
  end)

  it(('%d calls in %d places: %d combinations'):format(#CALLS, places, #CALLS * places), function()
    assert.equal(helper.nvim and 41 or 45, #CALLS)
    assert.equal(helper.host == 'lua5.1' and 42 or 46, places)
    assert.equal(#CALLS * places, done)
  end)
end)
