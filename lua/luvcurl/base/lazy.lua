--- A module that few scripts need, as a function that reads it when it is first called: half of
--- what `require 'luvcurl'` takes is Lua's reading of it.

---@param name string  of a module that is a function
---@return function
return function(name)
  local module
  return function(...)
    module = module or require(name)
    return module(...)
  end
end
