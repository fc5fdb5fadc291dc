--- Tasks: coroutines whose end can be waited for, and that can be cancelled from outside.
---
--- A cancelled task has an Error named CANCELLED raised in it, where it waits in a call of
--- luvcurl's (which ends that call), or where it would wait next. pcall sees it and may clean up;
--- whatever would wait then raises it again. PUC Lua 5.1 cannot wait beneath pcall: `task:defer` is
--- for what has to be done in any case there. A task that waits in something else (it yields, and
--- somebody resumes it) goes on until it comes to a call of luvcurl's.

local await = require('luvcurl/host/await')
local check = require('luvcurl/base/check')
local errors = require('luvcurl/response/error')
local failure = require('luvcurl/response/failure')
local main = require('luvcurl/host/main')
local misuse = require('luvcurl/base/misuse')
local output = require('luvcurl/host/output')
local perform = require('luvcurl/call/perform')
local soon = require('luvcurl/host/soon')
local traceback = require('luvcurl/base/traceback')

local create = coroutine.create
local unpack = table.unpack or unpack -- luacheck: ignore 143
local catches = coroutine.isyieldable ~= nil -- a coroutine may yield beneath pcall

---@class luvcurl.Spawned
---@field why luvcurl.Error|nil     it is cancelled
---@field waiter table|nil          what it waits for, while it does (await.lua)
---@field ended boolean|nil         its function has
---@field over boolean|nil          and those who wait were told
---@field err any                   why it failed
---@field raised luvcurl.Error|nil  the same, if that was raised
---@field handed_on boolean|nil    its scope has it
---@field values table              what its function returned, `n` of them
---@field waiters (fun())[]|false   told at its end
---@field deferred (fun())[]
local Spawned = { __name = 'luvcurl.Task' }
Spawned.__index = Spawned

--- The Error of something that was raised: itself, or what becomes of a fault of the program.
---@param raised any
---@param text string  with its traceback
---@return luvcurl.Error
local function error_of(raised, text)
  if errors.is(raised) then
    return raised
  end
  return errors.new({ name = 'TASK_FAILED', message = text, cause = raised })
end

local function described(raised)
  return error_of(raised, not errors.is(raised) and traceback(raised) or '')
end

local function call_deferred(self)
  local list = self.deferred
  while list[1] do
    local ok, err = xpcall(table.remove(list), described)
    if not ok and (not self.err or self.err == self.why) then
      self.err, self.raised = err, err
    elseif not ok then
      main.report(tostring(err)) -- there is a failure already
    end
  end
end

-- Tells those who wait; each is told, whatever the others raise.
local function tell(self)
  call_deferred(self)
  self.over = true
  local list = self.waiters
  self.waiters = false
  if not list[1] and self.raised and self.raised ~= self.why and not self.handed_on then
    self.unheard = output.unless_heard(tostring(self.raised))
  end
  for i = 1, #list do
    soon(list[i])
  end
end

--- Its function has ended. Told from the loop: this may be inside of the coroutine.
local function finish(self, raised, ...)
  if self.ended then
    return
  end
  local value, err = ...
  self.ended, self.raised = true, raised
  self.values = { n = select('#', ...), ... }
  self.err = raised or self.why or not value and err or nil
  soon(function() tell(self) end)
end

local function settle(self, ok, ...)
  if ok then
    return finish(self, nil, ...)
  end
  return finish(self, (...))
end

--- await.lua tells of an error that has killed the coroutine.
---@param raised any
---@param text string
function Spawned:crash(raised, text)
  finish(self, error_of(raised, text))
end

local function own(self)
  if getmetatable(self) ~= Spawned then
    misuse('use task:method(…), with a colon')
  end
  return self
end

--- Ends what it waits in, soon; its end is the Error CANCELLED with this message. What it has
--- spawned itself, or added with callbacks, goes on.
---@param reason? string|luvcurl.Error
---@return boolean  whether it was still running
function Spawned:cancel(reason)
  own(self)
  local why = failure.cancelled('task:cancel', reason, 'the task was cancelled')
  if self.ended or self.why then
    return false
  end
  self.why = why
  soon(function() await.interrupt(self) end)
  return true
end

--- Calls `fn` when the task has ended, however that was, before those who wait are told; the last
--- one first. It cannot wait.
---@param fn fun()
function Spawned:defer(fn)
  own(self)
  perform.check_callback(fn)
  if self.over then
    misuse('task:defer: the task is over')
  end
  self.deferred[#self.deferred + 1] = fn
end

---@return 'running'|'cancelling'|'done'
function Spawned:state()
  return own(self).over and 'done' or self.why and 'cancelling' or 'running'
end

-- Somebody is to know how it ends.
local function hear(self, fn)
  if self.unheard then
    self.unheard()
    self.unheard = nil
  end
  if self.over then
    soon(fn)
  else
    self.waiters[#self.waiters + 1] = fn
  end
end

-- A waiter that its end wakes.
local function listen(self)
  local waiter = { core = { check = function() self:check_waited() end } }
  hear(self, function() await.wake(waiter) end)
  return waiter
end

-- What a wait for it gives; `ok, why` are await.wait's.
local function outcome(self, ok, why)
  if not ok then
    return nil, perform.interrupted(why)
  elseif self.err then
    return nil, self.err
  end
  return unpack(self.values, 1, self.values.n)
end

--- Ends what cannot go on in what the task waits for: nothing keeps the loop alive any more.
function Spawned:check_waited()
  local waiter = self.waiter
  if waiter and waiter.core then
    waiter.core:check()
  end
end

--- Waits for its end: what its function returned, or nil and the Error: the one that it raised,
--- CANCELLED, or TASK_FAILED for any other error, whose traceback is in the message and whose value
--- in `cause`. With a callback, calls callback(err, …) from the loop, then; `err` is also what the
--- function returned behind nil or false.
---@param callback? fun(err: any, ...: any)
---@return any
---@return any err
function Spawned:wait(callback)
  own(self)
  if callback ~= nil then
    perform.check_callback(callback)
    hear(self, function()
      callback(self.err, unpack(self.values, 1, self.err and 0 or self.values.n))
    end)
    return self
  end
  local co = await.place()
  if co and await.task_of(co) == self then
    misuse('task:wait: a task cannot wait for itself')
  end
  return outcome(self, await.wait(listen(self), co))
end

function Spawned:__tostring()
  return 'luvcurl.Task: ' .. self:state()
end

---@param value any
---@return boolean
local function is_task(value)
  return getmetatable(value) == Spawned
end

local spawn = { is_task = is_task }

local function new(callback)
  local self = setmetatable({ waiters = {}, deferred = {}, values = { n = 0 } }, Spawned)
  if callback ~= nil then
    self:wait(callback)
  end
  return self
end

--- A task that was cancelled before it began.
---@param why luvcurl.Error
---@param callback function|nil
---@return luvcurl.Spawned
function spawn.refused(why, callback)
  local self = new(callback)
  self.why = why
  finish(self)
  return self
end

--- Runs `fn(task)` in a coroutine of its own, from now until it first waits, and then as the loop
--- has it. A failure that nobody asks for is told on stderr when the task is collected.
---@param fn fun(task: luvcurl.Spawned): any
---@param callback? fun(err: any, ...: any)  called at its end: see task:wait
---@return luvcurl.Spawned
function spawn.start(fn, callback)
  if not check.is_callable(fn) then
    check.fail('curl.spawn', 'a function', fn)
  end
  local self = new(callback)
  local co = create(catches and function()
    settle(self, xpcall(fn, described, self))
  end or function()
    settle(self, true, fn(self))
  end)
  await.own(co, self)
  await.go_on(co)
  return self
end

--- The same in the caller's style: without a callback it waits for what `fn` returns; that the wait
--- is over for another reason ends the task.
---@param fn fun(task: luvcurl.Spawned): any
---@param callback function|nil
---@return any
---@return any err
function spawn.call(fn, callback)
  if callback ~= nil then
    return spawn.start(fn, callback)
  end
  local co = await.place()
  local self = spawn.start(fn)
  local ok, why = await.wait(listen(self), co)
  if not ok then
    self:cancel(type(why) == 'table' and why or nil)
  end
  return outcome(self, ok, why)
end

return setmetatable(spawn, { __call = function(_, ...)
  return spawn.start(...)
end })
