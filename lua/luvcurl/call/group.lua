--- Requests and functions that run together and end together: what curl.all, any and map stand on.

local await = require('luvcurl/host/await')
local check = require('luvcurl/base/check')
local errors = require('luvcurl/response/error')
local perform = require('luvcurl/call/perform')
local spawn = require('luvcurl/call/spawn')

--- How the members of a group are started: by curl's own functions, a session's or a scope's.
---@class luvcurl.GroupWay
---@field request luvcurl.Verb
---@field spawn fun(fn: function, callback?: function): luvcurl.Spawned
---@field core fun(): luvcurl.CoreMulti  of the requests

---@class luvcurl.Group
---@field way luvcurl.GroupWay
---@field kind 'all'|'any'|'settle'
---@field members table<integer, table>  those that run: transfers and tasks
---@field running integer   how many
---@field feeder luvcurl.Spawned|nil     starts further ones
---@field results table     by their numbers; `n` is the greatest
---@field waiters table<'whole'|'room', table>
---@field stopped boolean   no more are to be started
---@field err any           of the first that failed
local Group = {}
Group.__index = Group

local group = {}

---@param way luvcurl.GroupWay
---@param kind 'all'|'any'|'settle'
---@return luvcurl.Group
function group.new(way, kind)
  return setmetatable({
    way = way, kind = kind, members = {}, running = 0, results = { n = 0 }, stopped = false,
    waiters = {},
  }, Group)
end

--- Ends all that runs; they tell when they have.
function Group:cancel()
  self.stopped = true
  if self.feeder then
    self.feeder:cancel()
  end
  for _, member in pairs(self.members) do
    member:cancel()
  end
end

--- One of the two that may wait: whoever wants the results (`whole`), the feeder for room (`room`).
local function wake(self, name)
  local waiter = self.waiters[name]
  if waiter then
    self.waiters[name] = nil
    await.wake(waiter)
  end
end

local function note(self, i, err, value)
  local results = self.results
  if self.kind == 'settle' then
    results[i] = { ok = not err, value = value, err = err }
  elseif self.stopped then
    return -- it was cancelled because of another
  elseif self.kind == 'any' then
    results[i] = err
    if not err then
      self.value, self.won = value, true
      self:cancel()
    end
  elseif err then
    self.err = err
    self:cancel()
  else
    results[i] = value
  end
end

local function ended(self, i, err, value)
  self.members[i] = nil
  self.running = self.running - 1
  note(self, i, err, value)
  wake(self, 'room')
  if self.running == 0 and not self.feeder then
    wake(self, 'whole')
  end
end

--- Starts a member: a request, a function or a task that runs already. Raises where a request is
--- not valid.
---@param i integer  its number
---@param item any
function Group:start(i, item)
  local function on_end(err, value)
    ended(self, i, err, value)
  end
  self.running = self.running + 1
  self.results.n = math.max(self.results.n, i)
  local member
  if spawn.is_task(item) then
    member = item:wait(on_end)
  elseif check.is_callable(item) then
    member = self.way.spawn(item, on_end)
  else
    member = self.way.request(item, on_end)
  end
  self.members[i] = member
end

--- Calls `fn` in a task of its own, for as long as there is more to be started.
---@param fn fun()
function Group:feed(fn)
  self.feeder = spawn.start(fn)
  self.feeder:wait(function(err)
    self.feeder = nil
    if err and not self.stopped then
      self.err = err
      self:cancel()
    end
    if self.running == 0 then
      wake(self, 'whole')
    end
  end)
end

--- Ends what cannot go on: nothing keeps the loop alive any more.
local function checks(self)
  return { check = function()
    self.way.core():check()
    for _, member in pairs(self.members) do
      if member.check_waited then
        member:check_waited()
      end
    end
  end }
end

local function park(self, name)
  local co = await.place()
  local waiter = { core = checks(self) }
  self.waiters[name] = waiter
  return await.wait(waiter, co)
end

--- Waits, in the feeder, until fewer than `n` run.
---@param n integer
function Group:room(n)
  while self.running >= n do
    local _, why = park(self, 'room')
    await.refuse(why)
  end
end

local function all_failed(self)
  local list, last = {}, nil
  for i = 1, self.results.n do
    list[i] = self.results[i]
    last = list[i] or last
  end
  return errors.new({
    name = 'ALL_FAILED', errors = list,
    message = ('all of %d have failed; the last: %s'):format(#list, tostring(last)),
  })
end

--- Waits until none runs any more: the results, or nil and the error.
---@return any
---@return any err
function Group:result()
  if self.running > 0 or self.feeder then
    local ok, why = park(self, 'whole')
    if not ok then
      self:cancel()
      return nil, perform.interrupted(why)
    end
  end
  if self.err ~= nil then
    return nil, self.err
  elseif self.kind ~= 'any' then
    return self.results
  elseif self.won then
    return self.value
  end
  return nil, all_failed(self)
end

return group
