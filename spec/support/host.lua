-- The host we run in: its uv, its name and how its loop is driven.

local host = {}

--- luv, found as luvcurl finds it: a second copy of luv beside the host's own would crash.
host.uv = package.loaded.luv or package.loaded.uv
  or (rawget(_G, 'vim') and (vim.uv or vim.loop)) -- luacheck: ignore
  or require 'luv'

--- 'luajit', 'nvim', 'luvi', 'lua5.1', 'lua5.3' or 'lua5.4'.
host.name = os.getenv('LUVCURL_HOST') or (rawget(_G, 'vim') and 'nvim') or 'luajit'

host.nvim = rawget(_G, 'vim') ~= nil

--- Whether handles may be listed. COMPAT: Neovim 0.7.2 aborts in its own uv.walk.
host.can_walk = not host.nvim

--- Whether a coroutine may yield inside pcall (it may not in PUC Lua 5.1).
host.can_yield_in_pcall = coroutine.wrap(function()
  return pcall(coroutine.yield, true)
end)() == true

-- Timers that wake `drive` at its deadline without keeping the loop alive. Kept, not closed, since
-- closing takes another turn of the loop.
local wakers = {}

local unpack = table.unpack or unpack -- luacheck: ignore 143

-- What callbacks have left on the stack is wiped off where the next frames will lie: LuaJIT's
-- collector takes every slot of a frame for used, whatever it has in it from before.
local function wipe()
  select('#', unpack({}, 1, 200))
end

local function run_until(done, ms)
  local uv = host.uv
  local expired = false
  local waker = table.remove(wakers) or uv.new_timer()
  -- By the timer's own word, not by a clock: timers fire up to some milliseconds early by hrtime,
  -- and the next turn would then sleep without one.
  uv.update_time()
  waker:start(ms, 0, function() expired = true end)
  waker:unref()
  local why
  while not done() do
    wipe()
    why = expired and 'deadline' or not uv.loop_alive() and 'idle' or nil
    if why then
      break
    end
    uv.run('once')
  end
  waker:stop()
  wakers[#wakers + 1] = waker
  return why == nil, why
end

-- Jobs for the loop, by the coroutine of a test that waits for them.
local jobs = setmetatable({}, { __mode = 'k' })

--- Runs the loop until done() is true. Never spins: it sleeps in the loop.
---@param done fun(): boolean
---@param ms integer milliseconds it may take
---@return boolean done
---@return string|nil why 'deadline', or 'idle' when the loop has nothing left to wait for
function host.drive(done, ms)
  if host.nvim then
    -- COMPAT: of vim.wait's time in Neovim 0.7 turns shorter than a millisecond take nothing.
    local ends, late = host.uv.hrtime() + ms * 1e6, false
    local function is_done()
      wipe()
      local is_met = done()
      late = not is_met and host.uv.hrtime() > ends
      return is_met or late
    end
    local ended = vim.wait(ms, is_done, 1) and not late -- luacheck: ignore
    -- A condition that is met at once counts, even with no time left.
    return ended or done() or false, 'deadline'
  end
  local mine = jobs[coroutine.running() or 0]
  if mine then
    mine.done, mine.ms = done, ms
    return coroutine.yield()
  end
  return run_until(done, ms)
end

-- Runs a test in a coroutine of its own. What yields in it (a call in coroutine style) comes back
-- from inside the loop, where the loop must not be run again: so the test hands its jobs to us.
local function call_in_coroutine(test, on_error, ms)
  local mine, ok, err = {}, nil, nil
  local co = coroutine.create(function()
    ok, err = xpcall(test, on_error)
  end)
  jobs[co] = mine
  local results = { coroutine.resume(co) }
  while coroutine.status(co) ~= 'dead' do
    if mine.done then
      local done = mine.done
      mine.done = nil
      results = { coroutine.resume(co, host.drive(done, mine.ms)) }
    else
      local back = host.drive(function()
        return mine.done ~= nil or coroutine.status(co) == 'dead'
      end, ms)
      if not back then
        return false, ('the test yielded and was not resumed within %d ms'):format(ms)
      end
    end
  end
  if not results[1] then
    return false, results[2]
  end
  return ok, err
end

local running, is_main = coroutine.running()

--- Whether the host runs scripts in a coroutine, as luvi does.
host.in_coroutine = running ~= nil and not is_main

--- Calls a test, as xpcall does.
---@param test fun()
---@param on_error fun(err: any): any
---@param ms integer milliseconds a yield at the test's top may take
---@return boolean ok
---@return any err
function host.call(test, on_error, ms)
  if host.in_coroutine then
    return call_in_coroutine(test, on_error, ms)
  end
  return xpcall(test, on_error)
end

return host
