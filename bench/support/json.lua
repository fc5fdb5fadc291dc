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
  local inner, parts = (indent or '') .. '  ', {}
  local is_list = #value > 0 or next(value) == nil
  if is_list then
    for i, item in ipairs(value) do
      parts[i] = json.encode(item, inner)
    end
  else
    local names = {}
    for name in pairs(value) do
      names[#names + 1] = name
    end
    table.sort(names)
    for i, name in ipairs(names) do
      parts[i] = quoted(name) .. ': ' .. json.encode(value[name], inner)
    end
  end
  local open, close = is_list and '[' or '{', is_list and ']' or '}'
  if is_list and type(value[1]) ~= 'table' then
    return open .. table.concat(parts, ', ') .. close
  end
  return open .. '\n' .. inner .. table.concat(parts, ',\n' .. inner) .. '\n' .. (indent or '')
    .. close
end

return json
