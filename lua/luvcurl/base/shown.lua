--- Values as error messages show them.

--- A value for a message: a few dozen printable characters at most.
---@param value any
---@param bare? boolean  without quotes
---@return string
local function shown(value, bare)
  local most = 48
  if type(value) ~= 'string' then
    return tostring(value)
  end
  local text = value:sub(1, most):gsub('%c', '?')
  if #value > most then
    text = text .. '…'
  end
  return bare and text or ("'%s'"):format(text)
end

return shown
