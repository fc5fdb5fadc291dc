--- One request of a download: the sink whose bytes a Task takes, as fast as the disk has them.

local perform = require('luvcurl/call/perform')
local request = require('luvcurl/request/request')
local response = require('luvcurl/response/response')
local resumption = require('luvcurl/download/resumption')
local sink = require('luvcurl/call/sink')

--- The verdicts after which bytes are written; after the others the rest of the response is not
--- wanted, but for the words of a refusal. A 304 has none.
local WANTED = { append = true, whole = true, unchanged = true }

---@class luvcurl.Round
---@field t luvcurl.Transfer
---@field from integer          the first byte that was asked for
---@field version luvcurl.PartVersion|nil  which it must be of
---@field res luvcurl.Response|nil
---@field verdict string|nil    see resumption.judge
---@field total integer|nil     bytes of the whole, for append
---@field last integer|nil      the last byte that is coming, for append
---@field ended boolean|nil
---@field err luvcurl.Error|nil
local Round = sink.class()

local function notify(self)
  if self.waiting then
    self.waiting = false
    self.task:step()
  end
end

--- Suspends the task until there is more to look at.
function Round:wait()
  self.waiting = true
  self.task:wait()
end

--- Of a protocol without headers: there is nothing to judge by.
---@param t luvcurl.Transfer
---@param status integer
function Round:accept(t, status)
  self.res, self.verdict = response.new(t, status), 'whole'
end

---@see luvcurl.Sink.response
function Round:response(t)
  local res = response.new(t, t:status())
  self.res = res
  self.verdict, self.total, self.last = resumption.judge(res, self.from, self.version)
  if WANTED[self.verdict] then
    if self.on_response then
      self.on_response(res)
    end
  elseif self.verdict ~= 'refused' then
    t:cancel()
  end
  notify(self)
end

---@see luvcurl.Sink.data
function Round:data()
  notify(self)
end

---@see luvcurl.Sink.done
function Round:finish(t, code, status)
  sink.end_stream(self, t, code, status)
  notify(self)
end

--- Starts the request.
---@param core luvcurl.CoreMulti
---@param given luvcurl.Request
---@param task luvcurl.Task
---@param from integer
---@param version luvcurl.PartVersion|nil
---@return luvcurl.Round
local function start(core, given, task, from, version)
  local url, options, body, settings = request.compile(given)
  local self = sink.new(settings, Round)
  self.response = nil -- the class's own, which calls the hook
  self.task, self.from, self.version = task, from, version
  self.t = perform.add(core, options, url, self, body)
  return self
end

return { start = start }
