--- The error of a transfer that failed, with what had come of an answer by then.

local check = require('luvcurl/base/check')
local errors = require('luvcurl/response/error')
local headers = require('luvcurl/response/headers')
local response = require('luvcurl/response/response')

--- A proxy's answer to CONNECT; its headers as far as libcurl tells them (not 7.88).
local function refusal(t, status)
  local res = response.new(t, status)
  res.headers = headers.new(t:headers('connect'))
  return res
end

--- The last response that came, and where it came from, which may be a place before the last.
local function last_response(t, body)
  local res = response.new(t, t:status(), body)
  local hops, last = t:hops()
  local hop = hops[#hops]
  if hop and hop.response == last then
    res.url = hop.url
  end
  return res
end

--- Why somebody has cancelled a transfer, where that has a name of its own.
---@type table<luvcurl.Transfer, luvcurl.Error>
local reasons = setmetatable({}, { __mode = 'k' })

--- Cancels a transfer or a task; its error is then this one, with where it was.
---@param t luvcurl.Transfer|luvcurl.Download|luvcurl.Spawned
---@param why luvcurl.Error|nil  none: as t:cancel() has it
local function cancel(t, why)
  if type(t) ~= 'userdata' then
    t:cancel(why)
    return
  end
  reasons[t] = why
  t:cancel()
end

--- The error of what somebody cancels: what he gave, or CANCELLED with his reason.
---@param where string   names the function
---@param reason any     raises for what is neither a text nor an Error
---@param default string  its message without a reason
---@return luvcurl.Error
local function cancelled(where, reason, default)
  if errors.is(reason) then
    return reason
  elseif reason ~= nil then
    check.type(where, reason, 'string')
  end
  return errors.new({ name = 'CANCELLED', message = reason or default })
end

--- To be asked for by the sink, from `done`.
---@param t luvcurl.Transfer
---@param res luvcurl.Response|nil  if somebody has it already
---@param body string|nil           what was collected
---@return luvcurl.Error
local function of(t, res, body)
  local name, message, phase, code, os_errno = t:failure()
  local why = name == 'ABORTED_BY_CALLBACK' and reasons[t]
  if why then
    name, message, code = why.name, why.message, why.code
  end
  local err = errors.new({
    name = name, code = code, message = message, phase = phase,
    os_errno = os_errno, url = t:url(), timings = t:timings(),
  })
  local proxy_status = phase ~= 'queue' and t:info('http_connectcode')
  if proxy_status and proxy_status >= 300 then
    err.proxy_status = proxy_status
  end
  if res then
    if body then
      res.body = body
    end
    err.response = res
  elseif t:status() ~= 0 then
    err.response = last_response(t, body)
  elseif err.proxy_status then
    err.response = refusal(t, proxy_status)
  end
  return err
end

return { of = of, cancel = cancel, cancelled = cancelled }
