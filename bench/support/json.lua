-- Writes JSON that a person can read in a diff: sorted names, one member a line.

local json = {}

local function quoted(text)
  return '"' .. text:gsub('[%c"\\]', function(c)
    return ('\\u%04x'):format(c:byte())
  end) .. '"'
end

local function number(value)
  if value ~= value or value == math.huge or value == -math.huge then
    return 'null'
  end
  return (value % 1 == 0 and '%.0f' or '%.6g'):format(value)
end

local function sorted_names(value)
  local names = {}
  for name in pairs(value) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

local function list(value, inner)
  local parts = {}
  for i, item in ipairs(value) do
    parts[i] = json.encode(item, inner)
  end
  return parts
end

local function object(value, inner)
  local parts = {}
  for i, name in ipairs(sorted_names(value)) do
    parts[i] = quoted(name) .. ': ' .. json.encode(value[name], inner)
  end
  return parts
end

--- An empty table is an empty list.
---@param value any  tables, strings, numbers, booleans; no cycles
---@param indent string|nil
---@return string
function json.encode(value, indent)
  if type(value) == 'string' then
    return quoted(value)
  elseif type(value) == 'number' then
    return number(value)
  elseif type(value) ~= 'table' then
    return tostring(value)
  end
  indent = indent or ''
  local inner = indent .. '  '
  if #value == 0 and next(value) ~= nil then
    local text = table.concat(object(value, inner), ',\n' .. inner)
    return ('{\n%s%s\n%s}'):format(inner, text, indent)
  elseif type(value[1]) == 'table' then
    local text = table.concat(list(value, inner), ',\n' .. inner)
    return ('[\n%s%s\n%s]'):format(inner, text, indent)
  end
  return '[' .. table.concat(list(value, inner), ', ') .. ']'
end

return json
