--- How requests go out, and tasks run, that belong to a scope.

local await = require('luvcurl/host/await')
local check = require('luvcurl/base/check')
local misuse = require('luvcurl/base/misuse')
local perform = require('luvcurl/call/perform')
local soon = require('luvcurl/host/soon')
local spawn = require('luvcurl/call/spawn')

--- What runs in a scope, apart from the functions that its user calls.
---@class luvcurl.ScopeState
---@field members table<any, true>  transfers, downloads and tasks that have not ended
---@field running integer           how many
---@field streams table<luvcurl.Transfer, true>  whose headers are in: their readers hold them
---@field waiters (fun())[]         told when nothing runs any more
---@field timer userdata|nil
---@field over boolean|nil

local function joined(state, member)
  state.members[member] = true
  state.running = state.running + 1
end

local function left(state, member)
  state.members[member] = nil
  state.running = state.running - 1
  if state.running == 0 then
    local list = state.waiters
    state.waiters = {}
    for i = 1, #list do
      soon(list[i])
    end
  end
end

--- A function that starts something by `start(…, callback)` and, called without a callback, waits.
local function both(self, state, start)
  local function begin(callback, ...)
    if state.over then
      misuse('curl.scope: the scope is over')
    elseif self.why then
      return spawn.refused(self.why, callback)
    end
    local member
    member = start(function(err, res)
      left(state, member)
      return callback(err, res)
    end, ...)
    joined(state, member)
    return member
  end
  return begin, function(core, ...)
    local co = await.place()
    if self.why then
      return nil, self.why
    end
    local waiter = { core = core }
    local member = begin(function(err, res)
      waiter.err, waiter.res = err, res
      await.wake(waiter)
    end, core, ...)
    local ok, why = await.wait(waiter, co)
    if not ok then
      return nil, perform.given_up(member, why)
    end
    return waiter.res, waiter.err
  end
end

local function requests(self, state, way, inner)
  local start = way.start or perform.start
  local begin, wait = both(self, state, function(callback, core, given, url, method)
    return start(core, given, url, method, callback)
  end)
  function inner.start(core, given, url, method, callback)
    perform.check_callback(callback)
    return begin(callback, core, given, url, method)
  end
  inner.wait = wait
end

local function streams(self, state, way, inner, api)
  local stream = way.stream or api.stream
  local begin_stream, wait_stream = both(self, state, function(callback, core, given, url)
    local t = stream(core, given, url, callback)
    state.streams[t] = true
    return t
  end)
  function inner.stream(core, given, url, callback)
    if callback == nil then
      return wait_stream(core, given, url)
    end
    perform.check_callback(callback)
    return begin_stream(callback, core, given, url)
  end
end

local function downloads(self, state, way, inner, api)
  local download = way.download or api.download
  local begin_download, wait_download = both(self, state, function(callback, _, url, path, opts)
    return download(way, url, path, opts, callback)
  end)
  function inner.download(_, url, path, opts, callback)
    if callback == nil and perform.is_callable(opts) then
      opts, callback = nil, opts
    end
    if callback == nil then
      return wait_download(way.core(), url, path, opts)
    end
    perform.check_callback(callback)
    return begin_download(callback, nil, url, path, opts)
  end
end

local function tasks(self, state, way, inner)
  local run = way.spawn or spawn.start
  function inner.spawn(fn, callback)
    if state.over then
      misuse('curl.scope: the scope is over')
    elseif self.why then
      return spawn.refused(self.why, callback)
    end
    if not perform.is_callable(fn) then
      check.fail('scope.spawn', 'a function', fn)
    elseif callback ~= nil then
      perform.check_callback(callback)
    end
    state.running = state.running + 1
    local task = run(function(task)
      state.members[task] = true -- from its first line on
      return fn(task)
    end, callback)
    task:defer(function()
      if task.raised and task.raised ~= task.why then
        task.handed_on = state.waiters[1] ~= nil
        self:cancel(task.raised)
      end
      left(state, task)
    end)
    return task
  end
end

---@param self luvcurl.Scope
---@param state luvcurl.ScopeState
---@param way luvcurl.Api  how they would go out otherwise
---@param api table  session/api.lua
---@return luvcurl.Api
return function(self, state, way, api)
  local inner = { core = way.core, prepare = way.prepare }
  requests(self, state, way, inner)
  streams(self, state, way, inner, api)
  downloads(self, state, way, inner, api)
  tasks(self, state, way, inner)
  return inner
end
