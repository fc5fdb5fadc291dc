--- Names and values as users write them, made flat and ordered: for queries, forms and headers.
--- A map (`{a = 1, b = {2, 3}}`: a list repeats the name) is taken in the order of its sorted
--- names, so that like requests come out alike; a list of pairs (`{{'b', 2}, {'a', 1}}`) keeps
--- its own order.

local check = require('luvcurl/base/check')
local misuse = require('luvcurl/base/misuse')

local pairlist = {}

--- A number as text: whole ones with all their digits and without the ".0" that Lua 5.3 gives to
--- whole floats, others with as few digits as tell them apart from any other.
---@param where string
---@param value number
---@return string
local function number(where, value)
  if math.type and math.type(value) == 'integer' then
    return ('%d'):format(value)
  elseif value ~= value or value == math.huge or value == -math.huge then
    misuse(('%s: expected a number that can be written, got %s'):format(where, tostring(value)))
  elseif value % 1 == 0 then
    return ('%.0f'):format(value)
  end
  local shown = ('%.14g'):format(value)
  if tonumber(shown) ~= value then
    shown = ('%.17g'):format(value)
  end
  return (shown:gsub(',', '.')) -- a locale may have another point
end

--- A value as text.
---@param where string  names the value in an error
---@param value any
---@return string
local function text(where, value)
  local kind = type(value)
  if kind == 'string' then
    return value
  elseif kind == 'number' then
    return number(where, value)
  elseif kind == 'boolean' then
    return tostring(value)
  end
  misuse(('%s: expected a string, number or boolean, got %s'):format(where, kind))
end

--- Raises unless a table is a plain list of values: what is nested has no form that all servers
--- would read alike.
---@param where string
---@param list table
---@param example string  how what was meant is written
local function check_list(where, list, example)
  local n = 0
  while list[n + 1] ~= nil do
    n = n + 1
  end
  for key, value in pairs(list) do
    if type(key) ~= 'number' or key < 1 or key > n or key % 1 ~= 0 then
      misuse(('%s: a list of values was expected, it has the key %s; %s'):format(where,
        check.shown(key), example))
    elseif type(value) == 'table' then
      misuse(('%s[%d]: expected a string, number or boolean, got a table; %s'):format(where, key,
        example))
    end
  end
end

pairlist.check_list = check_list

local function append(flat, where, name, value)
  if type(name) ~= 'string' then
    misuse(('%s: expected names that are strings, got %s'):format(where, type(name)))
  end
  local place = where .. '.' .. (#name < 40 and name or check.shown(name, true))
  if type(value) ~= 'table' then
    flat[#flat + 1] = name
    flat[#flat + 1] = text(place, value)
    return
  end
  local key = next(value)
  check_list(place, value, ("write nested names out, as the server reads them: ['%s[%s]'] = …")
    :format(check.shown(name, true), type(key) == 'string' and check.shown(key, true) or ''))
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
    for key in pairs(list) do
      if type(key) ~= 'number' then
        misuse(("%s: a list of pairs {name, value} has no names: %s"):format(where,
          check.shown(key)))
      end
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
