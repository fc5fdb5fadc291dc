--- What went wrong with a transfer: given to callbacks as `err`, returned as `nil, err`. Never
--- contains a password or a header.

---@class luvcurl.Error
---@field name string      libcurl's name without CURLE_: 'COULDNT_CONNECT', 'GOT_NOTHING', …;
---  the system's where it has no more of something: 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'
---@field code integer|nil libcurl's number
---@field os_errno integer|nil  the system's number, where it has refused a connection
---@field message string
---@field url string|nil   without credentials; nil where no request is meant (CANCELLED, …)
---@field cause any         of TASK_FAILED: what was raised
---@field errors luvcurl.Error[]|nil  of ALL_FAILED: each of them
---@field phase string|nil where it was: queue, resolve, connect, tls, send, wait or body
---@field timings luvcurl.Timings|nil
---@field response luvcurl.Response|nil  what had come by then, if headers had: the last response
---  (the one that led on, if the next has none), with the body so far unless it is streamed; a
---  proxy's, if it refused a tunnel
---@field proxy_status integer|nil  how a proxy refused a tunnel (CONNECT)
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
