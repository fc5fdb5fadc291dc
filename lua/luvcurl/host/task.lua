--- Work in steps: a coroutine of the library's own. What takes time (a call of luv's thread pool,
--- an event of a transfer) suspends it; the loop never waits.

local create, resume, status = coroutine.create, coroutine.resume, coroutine.status
local yield = coroutine.yield
local unpack = table.unpack or unpack -- luacheck: ignore 143

local core = require('luvcurl_core')
local traceback = require('luvcurl/base/traceback')
local main = require('luvcurl/host/main')
local uv = require('luvcurl/host/host').uv

---@class luvcurl.Task
---@field co thread
---@field on_end fun(crash: string|nil, ...: any)
local Task = {}
Task.__index = Task

local task = {}

--- Runs `body(task, …)` until it returns; then calls `on_end(nil, …)` with what it returned, or
--- on_end(traceback) when it died of an error. Both are called from the loop, never inside.
---@param body fun(self: luvcurl.Task, ...: any): any
---@param on_end fun(crash: string|nil, ...: any)
function task.run(body, on_end, ...)
  local self = setmetatable({ co = create(body), on_end = on_end }, Task)
  self:step(self, ...)
end

local function settle(self, ok, ...)
  if not ok then
    return self.on_end(traceback((...), self.co))
  elseif status(self.co) == 'dead' then
    return self.on_end(nil, ...)
  end
  return ...
end

--- Goes on after a yield.
function Task:step(...)
  local call = settle(self, resume(self.co, ...))
  while type(call) == 'function' and status(self.co) == 'suspended' do
    call = settle(self, resume(self.co, pcall(call)))
  end
end

--- Calls `call` outside the coroutine, where user code belongs: it could not yield in here.
---@param call fun()
---@return boolean ok
---@return any err
function Task.outside(_, call)
  return yield(call)
end

--- Suspends until somebody calls step(…); returns what that gave.
---@return any ...
function Task.wait()
  return yield()
end

--- Calls a function of luv on its thread pool:
--- `local err, fd = task:call('fs_open', path, 'r', 0)`
--- Where there is no descriptor left, connections that are kept for later make room.
---@param name string
---@return string|nil err  libuv's text: "ENOENT: no such file or directory: /x"
---@return any result
function Task:call(name, ...)
  local err, result = self:try(name, ...)
  if err and err:find('^E[MN]FILE') and core.spare() then
    return self:try(name, ...)
  end
  return err, result
end

---@see luvcurl.Task.call
function Task:try(name, ...)
  local arguments, n = { ... }, select('#', ...) + 1
  arguments[n] = function(err, result)
    main.call(function()
      self:step(err, result)
    end)
  end
  local started, why = uv[name](unpack(arguments, 1, n))
  if not started then
    return tostring(why)
  end
  return yield()
end

return task
