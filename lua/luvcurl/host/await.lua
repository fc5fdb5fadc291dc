--- Waiting without a callback: a coroutine yields; a main chunk, while nobody runs the loop, runs
--- it. A waiter is any table; its `ready` field ends the wait; `core` is its Multi, if any.

local ending = require('luvcurl/host/ending')
local host = require('luvcurl/host/host')
local main = require('luvcurl/host/main')
local misuse = require('luvcurl/base/misuse')
local traceback = require('luvcurl/base/traceback')

local uv, nvim = host.uv, host.nvim
local running, resume, status = coroutine.running, coroutine.resume, coroutine.status
local yield, isyieldable = coroutine.yield, coroutine.isyieldable
local getinfo, getlocal = debug.getinfo, debug.getlocal

local await = {}

--- How often Neovim looks whether we are ready when no event of its own makes it look, in ms.
local NVIM_INTERVAL = 20

--- COMPAT Neovim < 0.8: vim.wait with a condition looks for Ctrl-C only when its time is up, and
--- counts that in whole ms an event: with many events it takes far longer. So we look at the clock
--- ourselves, this often, in ms.
local NVIM_SLICE = 100

--- Who is told when a coroutine of ours dies, instead of the host.
local guards = setmetatable({}, { __mode = 'k' })

--- The task that a coroutine runs, while both are there: the coroutine's stack holds its task.
---@type table<thread, luvcurl.Spawned>
local tasks = setmetatable({}, { __mode = 'kv' })

local IN_CALLBACK = 'luvcurl: inside a luv callback pass a callback, or call from a coroutine: '
  .. 'coroutine.wrap(function() … end)()'

local LOST = 'luvcurl: a coroutine that was woken at the end of a transfer has yielded %s, and '
  .. 'nobody is there to take it: who called it as a generator (a for loop, coroutine.wrap) was '
  .. 'given nothing while it waited. Make requests outside of generators, or pass callbacks'

--- The coroutine that is to yield, or nil when the loop is to be run. Raises where neither can be,
--- and in a task that was cancelled.
---@return thread|nil
function await.place()
  local co, is_main = running()
  if co and not is_main and (not isyieldable or isyieldable()) then
    local task = tasks[co]
    if task and task.why then
      error(task.why, 0)
    end
    return co
  end
  if nvim then
    if nvim.in_fast_event() then
      misuse(IN_CALLBACK)
    end
  elseif uv.loop_mode() then
    misuse(IN_CALLBACK)
  end
  return nil
end

--- `handler(message)` is called when `co` dies of an error in await.wake; nil takes it off again.
--- That has to be done: a handler that leads to `co` keeps it, and itself, from being collected
--- (before Lua 5.2 a weak key does not help there).
---@param co thread
---@param handler fun(message: string)|nil
function await.guard(co, handler)
  guards[co] = handler
end

--- `co` runs a task: what it waits in can be interrupted, and it has the errors that kill it.
---@param co thread
---@param task luvcurl.Spawned
function await.own(co, task)
  tasks[co] = task
end

---@param co thread|nil
---@return luvcurl.Spawned|nil  that it runs
function await.task_of(co)
  return co and tasks[co]
end

local function run_nvim(waiter)
  local due
  local function is_over()
    return waiter.ready or uv.hrtime() >= due
  end
  repeat
    due = uv.hrtime() + NVIM_SLICE * 1e6
    local _, why = nvim.wait(NVIM_SLICE, is_over, NVIM_INTERVAL)
    if why ~= -2 and not waiter.ready then
      _, why = nvim.wait(0) -- without a condition it looks
    end
    if why == -2 and not waiter.ready then
      return false, 'interrupted'
    end
  until waiter.ready
  return true
end

local function run_loop(waiter)
  local checked = false
  while not waiter.ready do
    if uv.run('once') then
      checked = false
    elseif not waiter.ready then
      -- Nothing keeps the loop alive any more: somebody closed our handles, or called unref().
      if checked or not waiter.core then
        return false, 'the event loop ended before the transfer did'
      end
      waiter.core:check() -- ends what cannot go on; the next turn tells
      checked = true
    end
  end
  return true
end

--- What we have yielded to a task library, by itself: a plain coroutine's goes to await.wake.
local leaves = setmetatable({}, { __mode = 'k' })

--- How a coroutine is left in Neovim. The task libraries there (plenary.async, nvim-nio) take what
--- is yielded for a function that they are to call with what goes on: they get one in their form.
--- Who resumes a plain coroutine may ignore it.
local function yield_nvim(waiter)
  local function leaf(step)
    waiter.step = step
  end
  leaves[leaf] = true
  local nio = package.loaded['nio.tasks']
  if type(nio) == 'table' and nio.current_task and nio.current_task() then
    yield(1, leaf)
  elseif package.loaded['plenary.async.async'] or package.loaded['plenary.async'] then
    yield(leaf, 1)
  else
    yield()
  end
end

--- Waits until `waiter.ready`. `co` is what await.place() said. When that is not to be, the caller
--- ends what it has under way and then calls await.refuse(why).
---@param waiter table
---@param co thread|nil
---@return boolean ok
---@return string|luvcurl.Error|nil why  the loop ended, the user interrupted it, or (an Error) the
---                                      task was cancelled
function await.wait(waiter, co)
  if not co then
    waiter.runs_loop = true
    local ok, why = (nvim and run_nvim or run_loop)(waiter)
    waiter.runs_loop = false
    return ok, why
  end
  local task = tasks[co]
  if task then
    task.waiter = waiter
  end
  -- Somebody else may resume the coroutine too: only `ready` counts.
  while not waiter.ready and not (task and task.why) do
    waiter.co = co
    if nvim then
      yield_nvim(waiter)
    else
      yield() -- from here: see is_waiting
    end
    waiter.co = nil
  end
  if task then
    task.waiter = nil
    return not task.why, task.why
  end
  return true
end

--- Raises why a wait is over when that is the end of its task: no line of the script's is to run.
---@param why string|luvcurl.Error|nil
function await.refuse(why)
  if type(why) == 'table' then
    error(why, 0)
  end
end

--- Whether the coroutine stands in await.wait for this waiter. PUC Lua 5.1 raises where it cannot
--- yield (beneath pcall): such a wait is over without a word to us, and what the coroutine yields
--- for next is somebody else's.
local function is_waiting(co, waiter)
  if isyieldable then
    return true
  end
  local info = getinfo(co, 1, 'f')
  local _, first = getlocal(co, 1, 1)
  return info ~= nil and info.func == await.wait and first == waiter
end

--- Tells of what a coroutine died of.
---@return boolean is_alive  for those whom it is nobody's business that it died
local function died(co, err)
  local guard, task = guards[co], tasks[co]
  if task then
    task:crash(err, traceback(err, co))
  elseif guard then
    guard(traceback(err, co))
  elseif type(err) ~= 'table' or err.name ~= ending.NAME then
    main.report(traceback(err, co))
    return false
  end -- whoever wanted everything to end wanted that
  return true
end

--- A task library resumes its coroutine, and has its own words for what that dies of: some with
--- a traceback (nvim-nio), some without (plenary.async).
local function step_on(waiter, co)
  local step = waiter.step
  waiter.step = nil
  local ok, err = pcall(step)
  if not ok then
    local has_trace = type(err) == 'string' and err:find('stack traceback:', 1, true)
    main.report(has_trace and err or traceback(err, co))
  end
  return ok
end

--- Resumes a coroutine. Never raises: the host is told of an error that kills it, or its task is.
---@param co thread
---@return boolean is_alive  false when the coroutine has died of an error
function await.go_on(co)
  local ok, err = resume(co)
  if not ok then
    return died(co, err)
  elseif err ~= nil and not leaves[err] and status(co) == 'suspended' then
    main.report(LOST:format(type(err)))
  end
  return true
end

local go_on = await.go_on

--- Whether it is this wait that the coroutine has yielded from.
local function can_go_on(co, waiter)
  return co and status(co) == 'suspended' and is_waiting(co, waiter)
end

--- Ends the wait. Never raises: the host is told of an error that kills the coroutine.
---@param waiter table
---@return boolean is_alive  false when the coroutine has died of an error
function await.wake(waiter)
  waiter.ready = true
  if waiter.runs_loop then
    uv.stop() -- we may be called before the loop waits for events: now it must not
    return true
  end
  local co = waiter.co
  if not can_go_on(co, waiter) then
    return true
  end
  if nvim and waiter.step then
    return step_on(waiter, co)
  end
  return go_on(co)
end

--- Ends what the task waits in, if it waits: `why` says that it is cancelled.
---@param task luvcurl.Spawned
function await.interrupt(task)
  local waiter = task.waiter
  local co = waiter and waiter.co
  if can_go_on(co, waiter) then
    go_on(co)
  end
end

return await
