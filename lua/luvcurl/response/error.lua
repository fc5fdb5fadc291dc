--- What went wrong with a transfer: given to callbacks as `err`, returned as `nil, err`. Never
--- contains a password or a header.

---@class luvcurl.Error
---@field name string      libcurl's name without CURLE_: 'COULDNT_CONNECT', 'OPERATION_TIMEDOUT', …
---@field code integer|nil libcurl's number
---@field message string
---@field url string       without credentials
---@field phase string|nil where it was: queue, resolve, connect, tls, send, wait or body
---@field timings luvcurl.Timings|nil
---@field response luvcurl.Response|nil  for the errors that raise_for_status raises
local Error = { __name = 'luvcurl.Error' }
Error.__index = Error

function Error:__tostring()
  return self.name .. ': ' .. self.message
end

--- So that `'failed: ' .. err` works.
function Error.__concat(a, b)
  return tostring(a) .. tostring(b)
end

local errors = {}

--- The error of a transfer that failed.
---@param t luvcurl.Transfer
---@return luvcurl.Error
function errors.of(t)
  local name, message, phase, code = t:failure()
  return setmetatable({
    name = name, code = code, message = message, phase = phase,
    url = t:url(), timings = t:timings(),
  }, Error)
end

---@param fields luvcurl.Error|table
---@return luvcurl.Error
function errors.new(fields)
  return setmetatable(fields, Error)
end

---@param value any
---@return boolean
function errors.is(value)
  return getmetatable(value) == Error
end

return errors
