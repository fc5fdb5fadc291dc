--- What an error becomes that is told as text: itself, with where it happened. Fit for xpcall.

---@param err any  an object whose __tostring fails is told by its type
---@param co thread|nil  the coroutine that died of it
---@return string
local function traceback(err, co)
  local ok, text = pcall(tostring, err)
  if not ok then
    text = ('(error object is a %s value)'):format(type(err))
  end
  return co and debug.traceback(co, text) or debug.traceback(text, 2)
end

return traceback
