--- Scopes: requests and tasks that end together, at the latest when a time has passed.

local await = require('luvcurl/host/await')
local buffer = require('luvcurl/session/buffer')
local check = require('luvcurl/base/check')
local ending = require('luvcurl/host/ending')
local errors = require('luvcurl/response/error')
local failure = require('luvcurl/response/failure')
local host = require('luvcurl/host/host')
local main = require('luvcurl/host/main')
local member_way = require('luvcurl/session/members')
local misuse = require('luvcurl/base/misuse')
local perform = require('luvcurl/call/perform')
local sleep = require('luvcurl/call/sleep')
local spawn = require('luvcurl/call/spawn')
local timers = require('luvcurl/host/timers')

---@class luvcurl.ScopeSettings
---@field timeout? number   ms for all of it; then what is under way ends with OPERATION_TIMEDOUT
---@field buffer? integer   in Neovim: it is cancelled when this buffer goes; 0 is the current one

--- The verbs, `spawn`, `map` and `sleep`, as functions or methods; what they start belongs to it.
---@class luvcurl.Scope : luvcurl.Verbs
---@field sleep fun(ms: number, callback?: function): any, any
---@field spawn fun(fn: fun(task: luvcurl.Spawned), callback?: function): luvcurl.Spawned
---@field map luvcurl.MapVerb
---@field why luvcurl.Error|nil  it was cancelled
---@field state luvcurl.ScopeState
local Scope = { __name = 'luvcurl.Scope' }
Scope.__index = Scope

local WEAK = { __mode = 'k' }

local function state_of(self)
  if getmetatable(self) ~= Scope then
    misuse('use scope:method(…), with a colon')
  end
  return self.state
end

--- Lets go of what would end it.
local function release(state)
  if state.timer then
    ending.remove(state)
    state.timer:ref()
    timers.give(state.timer)
    state.timer = nil
  end
  if state.unfollow then
    state.unfollow()
    state.unfollow = nil
  end
end

--- Ends all that is under way, and refuses what would be started: their error is CANCELLED, with
--- this message.
---@param reason? string|luvcurl.Error
---@return boolean  whether it was not over
function Scope:cancel(reason)
  local state = state_of(self)
  local why = failure.cancelled('scope:cancel', reason, 'the scope was cancelled')
  if self.why or state.over then
    return false
  end
  self.why = why
  release(state)
  for _, list in ipairs({ state.members, state.streams }) do
    local all = {}
    for member in pairs(list) do
      all[#all + 1] = member
    end
    for i = 1, #all do
      failure.cancel(all[i], self.why)
    end
  end
  return true
end

-- Waits until nothing of it is under way. `owner`: who waits has it to himself.
local function wait(self, state, owner)
  local co = await.place()
  if co and state.members[await.task_of(co) or false] then
    misuse('scope:wait: a task of the scope cannot wait for it')
  end
  while state.running > 0 do
    local waiter = { core = state.core() }
    state.waiters[#state.waiters + 1] = function() await.wake(waiter) end
    local ok, why = await.wait(waiter, co)
    if not ok then
      if owner then
        self:cancel(type(why) == 'table' and why or nil)
      end
      return nil, perform.interrupted(why)
    end
  end
  state.over = true
  release(state)
  if self.why then
    return nil, self.why
  end
  return true
end

--- Waits until nothing of it is under way; then it is over. Returns true, or nil and the error that
--- it was cancelled with. With a callback, calls callback(err) then.
---@param callback? fun(err: luvcurl.Error|nil)
---@return true|luvcurl.Spawned|nil
---@return luvcurl.Error|nil err
function Scope:wait(callback)
  local state = state_of(self)
  if callback ~= nil then
    perform.check_callback(callback)
    return spawn.start(function() return wait(self, state) end, callback)
  end
  return wait(self, state)
end

function Scope:__close()
  self:cancel()
end

function Scope:__tostring()
  return 'luvcurl.Scope: ' .. (self.why and 'cancelled' or self.state.over and 'over' or 'open')
end

--- The verbs of a scope.
local function fill(self, api, inner)
  local verbs = api.build(inner)
  verbs.spawn, verbs.map = inner.spawn, api.map(inner)
  function verbs.sleep(ms, callback)
    if callback == nil then
      return sleep(ms)
    end
    perform.check_callback(callback)
    ms = check.milliseconds('scope.sleep', ms)
    return inner.spawn(function() return sleep(ms) end, callback)
  end
  api.give(self, verbs)
end

local function limit(self, state, ms)
  if ms == 0 then
    return
  end
  state.timer = timers.take()
  host.uv.update_time()
  state.timer:start(ms, 0, function()
    main.call(function()
      self:cancel(errors.new({
        name = 'OPERATION_TIMEDOUT', code = 28,
        message = ("the scope's timeout of %d ms passed"):format(ms),
      }))
    end)
  end)
  ending.add(state, function() -- it must not wait for the time
    self:cancel(errors.new({ name = ending.NAME, code = 42, message = ending.MESSAGE }))
  end)
  state.timer:unref() -- it is for what keeps the loop alive
end

---@param api table  session/api.lua
---@param way luvcurl.Api
---@param settings luvcurl.ScopeSettings|nil
---@return luvcurl.Scope
local function new(api, way, settings)
  settings = check.record('curl.scope', settings or {}, { 'timeout', 'buffer' })
  local ms = settings.timeout ~= nil and check.milliseconds('curl.scope.timeout', settings.timeout)
  local state = {
    members = {}, running = 0, streams = setmetatable({}, WEAK), waiters = {}, core = way.core,
  }
  local self = setmetatable({ state = state }, Scope)
  if settings.buffer ~= nil then
    state.unfollow = buffer.follow('curl.scope.buffer', settings.buffer, function(why)
      self:cancel(why)
    end)
  end
  fill(self, api, member_way(self, state, way, api))
  limit(self, state, ms or 0)
  return self
end

--- Makes a scope; with `fn`, runs fn(scope) in it, waits until nothing of it is under way, and
--- gives what `fn` gave, or nil and the error, in the styles of the verbs.
---@param api table  session/api.lua
---@param way luvcurl.Api
---@param settings luvcurl.ScopeSettings|nil
---@param fn (fun(scope: luvcurl.Scope): any)|nil
---@param callback function|nil
---@return any
---@return any err
return function(api, way, settings, fn, callback)
  if fn == nil then
    return new(api, way, settings)
  end
  local function all()
    local self = new(api, way, settings)
    local task = self.spawn(function() return fn(self) end)
    local ok, err = wait(self, self.state, true)
    if not ok then
      return nil, err
    end
    return task:wait()
  end
  if callback ~= nil then
    perform.check_callback(callback)
    return spawn.start(all, callback)
  end
  return all()
end
