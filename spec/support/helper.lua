-- What specs use to run asynchronous code:
--
--     it('gets', function()
--       helper.run(function()                -- in a coroutine; drives the loop until it is done
--         helper.sleep(10)
--         curl.get(url, helper.expect(1, function(err, res) assert.is_nil(err) end))
--       end)
--     end)
--
-- A failed assert in a callback would end the whole process, so callbacks go through `expect`:
-- it records the failure, and the test fails by it once the loop is out of the callback.

local host = require 'spec.support.host'
local leftovers = require 'spec.support.leftovers'

local helper = {
  uv = host.uv,
  host = host.name,
  nvim = host.nvim,
  can_walk = host.can_walk,
  check_leftovers = leftovers.check,
}

local unpack = table.unpack or unpack -- luacheck: ignore 143
local uv = host.uv

--- How many times longer than elsewhere things may take: with memcheck an instruction costs twenty.
helper.slower = os.getenv('LUVCURL_VALGRIND') and 20 or os.getenv('LUVCURL_GC') and 3 or 1

--- Milliseconds a test may wait, unless it says otherwise. For what never comes: it is long, since
--- a machine may be slow.
helper.DEADLINE = 30000

---@class TestState
---@field expected table[] { wanted, seen, where }
---@field failure any the first error of a callback
---@field deferred function[]
---@field failed boolean|nil
---@field co thread|nil the one that helper.run runs
local state = { expected = {}, deferred = {} }

local function described(err)
  -- A failed assert carries its place; anything else gets its traceback, down to where we come in.
  if type(err) ~= 'string' then
    return err
  end
  local trace = debug.traceback(err, 2)
  return trace:sub(1, (trace:find("\n[^\n]*%[C%]: in function 'xpcall'") or 0) - 1)
end

--- Makes the running test fail as soon as the loop is back in the test.
---@param err any
function helper.fail(err)
  if state.failure == nil then
    state.failure = err == nil and 'error(nil)' or err
  end
end

--- Registers something to run when the test ends, however it ends; last in, first out.
---@param fn fun()
function helper.defer(fn)
  state.deferred[#state.deferred + 1] = fn
end

--- A callback that must be called exactly n times; the test waits for that.
---@generic F
---@param n integer
---@param fn F|nil
---@return F
function helper.expect(n, fn)
  local mine = state
  local info = debug.getinfo(2, 'Sl')
  local entry = { wanted = n, seen = 0, where = info.short_src .. ':' .. info.currentline }
  mine.expected[#mine.expected + 1] = entry
  return function(...)
    entry.seen = entry.seen + 1
    if mine.failed then
      return nil -- it has been blamed already, and nobody else is to be
    elseif mine ~= state then
      -- Too late for that test. The one that runs now is told, since nobody else can be.
      helper.fail('a callback of an earlier test was called, expected at ' .. entry.where)
    elseif entry.seen > n then
      helper.fail(('called %d times, expected %d, at %s'):format(entry.seen, n, entry.where))
    end
    if fn then
      local args, count = { ... }, select('#', ...)
      local results = { xpcall(function() return fn(unpack(args, 1, count)) end, described) }
      if not results[1] then
        helper.fail(results[2])
        return nil
      end
      return unpack(results, 2)
    end
  end
end

--- A callback that must never be called.
---@return fun()
function helper.never()
  return helper.expect(0)
end

local function missing()
  for _, entry in ipairs(state.expected) do
    if entry.seen < entry.wanted then
      return ('called %d times, expected %d, at %s'):format(entry.seen, entry.wanted, entry.where)
    end
  end
end

local function raise_failure()
  if state.failure ~= nil then
    local failure = state.failure
    state.failure = nil
    error(failure, 0)
  end
end

-- The same for code inside helper.run's coroutine, which must not run the loop it was resumed from.
local function drive_inside(done, ms)
  local deadline = uv.hrtime() + ms * 1e6
  while not done() do
    if uv.hrtime() >= deadline then
      return false, 'deadline'
    end
    helper.sleep(2)
  end
  return true
end

--- Drives the loop until done() is true and fails the test when that takes too long.
---@param done fun(): any
---@param ms integer|nil milliseconds, default helper.DEADLINE
---@param what string|fun(): string|nil what is waited for, for the message
function helper.wait_for(done, ms, what)
  ms = (ms or helper.DEADLINE) * helper.slower
  local inside = state.co and coroutine.running() == state.co
  local ok, why = (inside and drive_inside or host.drive)(function()
    return state.failure ~= nil or done() and true or false
  end, ms)
  raise_failure()
  if not ok then
    what = type(what) == 'function' and what() or what or 'waiting for a condition'
    error(('%s: %s'):format(what, why == 'idle'
      and 'the loop has nothing left to wait for'
      or ('the deadline of %d ms passed'):format(ms)), 0)
  end
end

--- Runs fn in a coroutine and drives the loop until it has returned and every expected callback
--- was called. An error in it, or in a callback, is raised from here.
---@param fn fun()
---@param ms integer|nil milliseconds, default helper.DEADLINE
function helper.run(fn, ms)
  -- COMPAT: in PUC Lua 5.1 fn cannot yield through xpcall, so there an error after the first yield
  -- goes to whoever resumed the coroutine: helper.resume, or luvcurl, whom we tell.
  local co = coroutine.create(host.can_yield_in_pcall and function()
    local ok, err = xpcall(fn, described)
    if not ok then
      helper.fail(err)
    end
  end or fn)
  state.co = co
  if not host.can_yield_in_pcall then
    require('luvcurl/host/await').guard(co, helper.fail)
  end
  local ok, err = coroutine.resume(co)
  if not ok then
    error(err, 0)
  end
  helper.wait_for(function()
    return coroutine.status(co) == 'dead' and not missing()
  end, ms, function()
    return missing() and 'a callback ' .. missing() or 'the coroutine of the test'
  end)
end

--- A test whose limits are times: what is too late because others have the processor does not
--- count unless it is so three times.
---@param test fun()
---@return fun()
function helper.timed(test)
  local guarded = helper.guard(test)
  return function()
    for _ = 1, 2 do
      if pcall(guarded) then
        return
      end
    end
    guarded()
  end
end

--- Resumes a coroutine from a callback; its error fails the test.
---@param co thread
---@param ... any
function helper.resume(co, ...)
  local ok, err = coroutine.resume(co, ...)
  if not ok then
    helper.fail(debug.traceback(co, tostring(err)))
  end
end

--- Yields the running coroutine for a while.
---@param ms integer milliseconds
function helper.sleep(ms)
  local co = coroutine.running()
  uv.update_time()
  local timer = uv.new_timer()
  timer:start(ms, 0, function()
    timer:close()
    helper.resume(co)
  end)
  coroutine.yield()
end

--- Calls fn(done) and yields until done(...) is called; returns what it was given.
---@param fn fun(done: fun(...))
---@return any ...
function helper.await(fn)
  local co, results = coroutine.running(), nil
  fn(function(...)
    results = { n = select('#', ...), ... }
    if coroutine.status(co) == 'suspended' then
      helper.resume(co)
    end
  end)
  while not results do
    coroutine.yield()
  end
  return unpack(results, 1, results.n)
end

--- Computes for a while: the loop stands still, and does not see the time pass.
---@param ms integer milliseconds
function helper.compute(ms)
  local over = uv.hrtime() + ms * 1e6
  while uv.hrtime() < over do end -- luacheck: ignore
end

--- Runs the loop for a while, whatever happens in it.
---@param ms integer milliseconds
function helper.spin(ms)
  local over = false
  local timer = uv.new_timer()
  uv.update_time()
  timer:start(ms, 0, function()
    over = true
    timer:close()
  end)
  host.drive(function() return over end, ms + 1000)
end

--- Whether the loop ends by itself within ms. nil in Neovim, whose loop never ends.
---@param ms integer milliseconds
---@return boolean|nil
function helper.loop_ends(ms)
  if host.nvim then
    return nil
  end
  local _, why = host.drive(function() return false end, ms)
  return why == 'idle'
end

--- Collects all garbage. What callbacks have left on the stack is wiped off first: LuaJIT's
--- collector takes every slot of a frame for used, whatever it has in it from before.
function helper.collect()
  select('#', unpack({}, 1, 100))
  collectgarbage()
  collectgarbage()
end

local function run_deferred()
  while #state.deferred > 0 do
    local ok, err = xpcall(table.remove(state.deferred), described)
    if not ok then
      helper.fail(err)
    end
  end
end

local function verify(before)
  if missing() then
    helper.wait_for(function() return not missing() end, nil, 'a callback ' .. missing())
  end
  run_deferred()
  host.drive(function() return #leftovers.since(before) == 0 end, 1000 * helper.slower)
  -- Once more, so that close callbacks have run and late calls are seen.
  helper.collect()
  if not host.nvim then
    uv.run('nowait')
  end
  raise_failure()
  local left = leftovers.since(before)
  if #left > 0 then
    error('left over after the test: ' .. table.concat(left, ', '), 0)
  end
end

--- Wraps a test: garbage is collected on both sides, expectations are counted, handles left over
--- fail it. The entry script does this to every test.
---@param test fun()
---@return fun()
function helper.guard(test)
  return function()
    local outer = state
    state = { expected = {}, deferred = {} }
    helper.collect()
    local before = leftovers.handles()
    local ok, err = host.call(test, described, helper.DEADLINE * helper.slower)
    if ok then
      ok, err = pcall(verify, before)
    end
    if not ok then
      state.failed = true
      run_deferred()
      leftovers.close(before)
      host.drive(function() return #leftovers.since(before) == 0 end, 1000 * helper.slower)
    end
    state = outer
    if not ok then
      error(err, 0)
    end
  end
end

return helper
