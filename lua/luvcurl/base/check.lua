--- Checks of single values. Each returns the value to use or raises an error that names the
--- argument, what was expected and what came.

local misuse = require('luvcurl/base/misuse')
local shown = require('luvcurl/base/shown')

local check = { shown = shown }

--- libcurl takes times and counts as C longs; 32 bits is what they have everywhere.
local LONGEST = 2147483647

local function got(value)
  if type(value) == 'number' then
    return tostring(value)
  end
  return type(value)
end

--- Whether it can be called: a function, or what has a metatable that says so rightly.
---@param value any
---@return boolean
function check.is_callable(value)
  if type(value) == 'function' then
    return true
  end
  local meta = getmetatable(value)
  return type(meta) == 'table' and type(rawget(meta, '__call')) == 'function'
end

--- Raises "name: expected …, got …".
---@param name string
---@param expected string
---@param value any
function check.fail(name, expected, value)
  misuse(('%s: expected %s, got %s'):format(name, expected, got(value)))
end

---@param name string
---@param value any
---@param expected string  the type's name
---@return any
function check.type(name, value, expected)
  if type(value) ~= expected then
    local article = expected:find('^[aeiou]') and 'an ' or 'a '
    misuse(('%s: expected %s%s, got %s'):format(name, article, expected, type(value)))
  end
  return value
end

--- A URL's text. One that was parsed (by luvit's url.parse) has it, too.
---@param name string
---@param value any
---@return string
function check.url(name, value)
  if type(value) == 'table' and type(value.href) == 'string' then
    misuse(name .. ': expected a string, got a parsed URL: pass its text, the field href')
  end
  return check.type(name, value, 'string')
end

--- A whole number of at least `least`.
---@param name string
---@param value any
---@param least number
---@param expected string  said in the error: 'a number of bytes'
---@param most number|nil
---@return integer
function check.integer(name, value, least, expected, most)
  -- the comparison with itself refuses NaN, the one with 2^53 infinity
  if type(value) ~= 'number' or value ~= value or value < least
    or value > (most or 9007199254740992) or value % 1 ~= 0 then
    check.fail(name, expected, value)
  end
  -- 5.3 and later tell 10.0 from 10: the C side takes integers
  return math.tointeger and math.tointeger(value) or value
end

--- A time in milliseconds; false or 0 is none. A fraction is rounded up, so that it never
--- becomes "none".
---@param name string
---@param value any
---@return integer
function check.milliseconds(name, value)
  if value == false then
    return 0
  end
  if type(value) ~= 'number' or value ~= value or value < 0 or value > LONGEST then
    check.fail(name, 'a number of milliseconds', value)
  end
  return check.integer(name, math.ceil(value), 0, 'a number of milliseconds')
end

--- A string that ends up in a line of the protocol: CR, LF and NUL would let it say more.
---@param name string
---@param value any
---@return string
function check.line(name, value)
  check.type(name, value, 'string')
  if value:find('%c') and value:find('[%z\r\n]') then -- the first is the faster by far
    misuse(name .. ': must not contain CR, LF or NUL')
  end
  return value
end

--- The value `map` has for a word.
---@param name string
---@param value any
---@param map table<any, any>
---@return any
function check.word(name, value, map)
  local found = value ~= nil and map[value]
  if not found then
    local words = {}
    for word in pairs(map) do
      if type(word) == 'string' then
        words[#words + 1] = "'" .. word .. "'"
      end
    end
    table.sort(words)
    local came = type(value) == 'string' and shown(value) or got(value)
    misuse(('%s: expected one of %s, got %s'):format(name, table.concat(words, ', '), came))
  end
  return found
end

--- A table whose keys are all among `known`.
---@param name string
---@param value any
---@param known string[]
---@return table
function check.record(name, value, known)
  check.type(name, value, 'table')
  for key in pairs(value) do
    local i = 1
    while known[i] and known[i] ~= key do
      i = i + 1
    end
    if not known[i] then
      misuse(require('luvcurl/base/suggest').unknown('field of ' .. name, key, known))
    end
  end
  return value
end

return check
