--- What an error becomes that is told as text: itself, with where it happened. Fit for xpcall.

---@param err any  an object whose __tostring fails is told by its type
---@return string
local function traceback(err)
  local ok, text = pcall(tostring, err)
  return debug.traceback(ok and text or ('(error object is a %s value)'):format(type(err)), 2)
end

return traceback
