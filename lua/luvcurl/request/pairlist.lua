--- Names and values as users write them, made flat and ordered: for queries, forms and headers.
--- A map (`{a = 1, b = {2, 3}}`: a list repeats the name) is taken in the order of its sorted
--- names, so that like requests come out alike; a list of pairs (`{{'b', 2}, {'a', 1}}`) keeps
--- its own order.

local misuse = require('luvcurl/base/misuse')

local pairlist = {}

--- A value as text; numbers without the ".0" that Lua 5.3 gives to whole floats.
---@param where string  names the value in an error
---@param value any
---@return string
local function text(where, value)
  local kind = type(value)
  if kind == 'string' then
    return value
  elseif kind == 'number' then
    if value % 1 == 0 and value > -1e15 and value < 1e15 then
      return ('%d'):format(value)
    end
    return ('%.14g'):format(value)
  elseif kind == 'boolean' then
    return tostring(value)
  end
  misuse(('%s: expected a string, number or boolean, got %s'):format(where, kind))
end

local function append(flat, where, name, value)
  if type(name) ~= 'string' then
    misuse(('%s: expected names that are strings, got %s'):format(where, type(name)))
  end
  local place = where .. '.' .. name
  if type(value) ~= 'table' then
    flat[#flat + 1] = name
    flat[#flat + 1] = text(place, value)
    return
  end
  for _, each in ipairs(value) do
    flat[#flat + 1] = name
    flat[#flat + 1] = text(place, each)
  end
end

--- Calls `each(name, value)` for every entry, in order; values are as the user gave them.
---@param where string  names the argument in errors: 'request.query'
---@param list any
---@param each fun(name: any, value: any)
function pairlist.each(where, list, each)
  if type(list) ~= 'table' then
    misuse(('%s: expected a table, got %s'):format(where, type(list)))
  end
  if list[1] ~= nil then
    for i, pair in ipairs(list) do
      if type(pair) ~= 'table' or pair[1] == nil or pair[2] == nil then
        misuse(('%s[%d]: expected a pair {name, value}, got %s'):format(where, i, type(pair)))
      end
      each(pair[1], pair[2])
    end
    return
  end
  local names, n = {}, 0
  for name in pairs(list) do
    if type(name) ~= 'string' then
      misuse(('%s: expected names that are strings, got %s'):format(where, type(name)))
    end
    n = n + 1
    names[n] = name
  end
  if n > 1 then
    table.sort(names)
  end
  for i = 1, n do
    each(names[i], list[names[i]])
  end
end

--- {name1, value1, name2, value2, …}, all strings.
---@param where string
---@param list any
---@return string[]
function pairlist.flatten(where, list)
  local flat = {}
  pairlist.each(where, list, function(name, value)
    append(flat, where, name, value)
  end)
  return flat
end

local function encode_byte(byte)
  return byte == ' ' and '+' or ('%%%02X'):format(byte:byte())
end

--- application/x-www-form-urlencoded, by the WHATWG URL standard.
---@param where string
---@param list any
---@return string
function pairlist.form(where, list)
  local flat = pairlist.flatten(where, list)
  local parts = {}
  for i = 1, #flat, 2 do
    local name = flat[i]:gsub('[^%w*%-._]', encode_byte)
    local value = flat[i + 1]:gsub('[^%w*%-._]', encode_byte)
    parts[#parts + 1] = name .. '=' .. value
  end
  return table.concat(parts, '&')
end

pairlist.text = text

return pairlist
