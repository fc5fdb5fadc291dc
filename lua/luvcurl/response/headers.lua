--- The headers of a response: names ignore case, order is kept, nothing is merged or lost.
---
---     res.headers['Content-Type']        -- several lines of one name are joined with ', '
---     res.headers:all('set-cookie')      -- every value
---     for name, value in res.headers:iter() do … end
---     for name, value in pairs(res.headers) do … end
---
--- In hosts whose `pairs` knows no `__pairs` (Lua 5.1, most of LuaJIT) that gives each name once,
--- with what it would be looked up as, and in no order.
---
--- The methods are found under their exact names (`all`, `get`, `has`, `iter`, `count`): a server
--- cannot hide them. A header of such a name is found by `headers:get('all')`, or as `headers.All`.

local misuse = require('luvcurl/base/misuse')

---@class luvcurl.Headers
---@field [string] string|nil
local methods = {}

--- The flat lists: name1, value1, name2, value2, …; `index` of one is {[lower-case name] =
--- {value, …}}, made when first needed. Not in the objects: nobody is to meet them there.
local flats = setmetatable({}, { __mode = 'k' })

---@param self table
---@return table<string, string[]>
local function index_of(self)
  local flat = flats[self]
  local index = flat.index
  if not index then
    index = {}
    for i = 1, #flat, 2 do
      local name = flat[i]:lower()
      local values = index[name]
      if values then
        values[#values + 1] = flat[i + 1]
      else
        index[name] = { flat[i + 1] }
      end
    end
    flat.index = index
  end
  return index
end

--- The value of a header, or nil. Several lines of the same name are joined with ', ', which is
--- what they mean by RFC 9110; of Set-Cookie, where it would not be, the first is given.
---@param name string
---@return string|nil
function methods:get(name)
  local lower = name:lower()
  local values = index_of(self)[lower]
  if not values then
    return nil
  elseif #values == 1 or lower == 'set-cookie' then
    return values[1]
  end
  return table.concat(values, ', ')
end

--- Every value of a header, in order; empty when there is none.
---@param name string
---@return string[]
function methods:all(name)
  local found = {}
  for i, value in ipairs(index_of(self)[name:lower()] or {}) do
    found[i] = value
  end
  return found
end

---@param name string
---@return boolean
function methods:has(name)
  return index_of(self)[name:lower()] ~= nil
end

--- Each header line as it came, in order: `for name, value in headers:iter() do`.
---@return fun(): string|nil, string|nil
function methods:iter()
  local flat, i = flats[self], -1
  return function()
    i = i + 2
    return flat[i], flat[i + 1]
  end
end

--- The number of header lines.
---@return integer
function methods:count()
  return #flats[self] / 2
end

local meta = {
  __name = 'luvcurl.Headers',
  __metatable = 'luvcurl.Headers', -- who shows an object shows its metatable, too, if it has it
  __index = function(self, name)
    local method = methods[name]
    if method then
      return method
    elseif type(name) == 'string' then
      return methods.get(self, name)
    end
  end,
  __newindex = function()
    misuse('a response\'s headers cannot be changed')
  end,
  __len = methods.count,
  __pairs = methods.iter,
  __tostring = function(self)
    local lines = {}
    for name, value in methods.iter(self) do
      lines[#lines + 1] = name .. ': ' .. value
    end
    return table.concat(lines, '\n')
  end,
}

local headers = {}

local function nothing() end

local has_pairs = true
for _ in pairs(setmetatable({ true }, { __pairs = function() return nothing end })) do
  has_pairs = false
end

--- What `pairs` finds where it looks at the table itself: no name that would hide a method.
local function fill(self, flat)
  local seen = {}
  for i = 1, #flat, 2 do
    local name = flat[i]
    local lower = name:lower()
    if not seen[lower] then
      seen[lower] = true
      local shown = methods[name] and name:gsub('^%l', string.upper) or name
      rawset(self, shown, methods.get(self, name))
    end
  end
end

---@param flat string[]  {name1, value1, name2, value2, …}
---@return luvcurl.Headers
function headers.new(flat)
  local self = setmetatable({}, meta)
  flats[self] = flat
  if not has_pairs then
    fill(self, flat)
  end
  return self
end

return headers
