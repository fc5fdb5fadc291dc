--- The header lines of a request, in libcurl's notation: "Name: value", "Name;" for an empty
--- value, "Name:" to leave out one that libcurl would send by itself.

local check = require('luvcurl/check')
local misuse = require('luvcurl/misuse')
local pairlist = require('luvcurl/pairlist')

local headerlist = {}

--- RFC 9110's token: what a header's name or a method may consist of.
local NOT_TOKEN = "[^%w!#$%%&'*+%-.^_`|~]"

-- The names that were valid, as programs send the same headers over and over.
local MAX_KNOWN = 256
local known, known_count = {}, 0

---@param where string
---@param name any
---@return string
function headerlist.token(where, name)
  if known[name] then
    return name
  end
  check.line(where, name)
  if name == '' or name:find(NOT_TOKEN) then
    misuse(("%s: '%s' is no valid name (letters, digits and !#$%%&'*+-.^_`|~)"):format(where, name))
  end
  if known_count >= MAX_KNOWN then
    known, known_count = {}, 0
  end
  known[name] = true
  known_count = known_count + 1
  return name
end

---@param lines string[]
---@param where string
---@param name string
---@param value any  string, number, boolean false, or a list of these for several lines
local function add(lines, where, name, value)
  local place = where .. '.' .. name
  if value == false then
    lines[#lines + 1] = name .. ':'
  elseif type(value) == 'table' then
    for _, each in ipairs(value) do
      add(lines, where, name, each)
    end
  else
    local text = check.line(place, pairlist.text(place, value))
    lines[#lines + 1] = text:find('%S') and name .. ': ' .. text or name .. ';'
  end
end

--- The lines for a `headers` field, and which names (lower case) it spoke about.
---@param where string
---@param headers any
---@return string[] lines
---@return table<string, true> has
function headerlist.lines(where, headers)
  local lines, has = {}, {}
  pairlist.each(where, headers, function(name, value)
    headerlist.token(where, name)
    has[name:lower()] = true
    add(lines, where, name, value)
  end)
  return lines, has
end

--- `base` with the headers of `over` in place of those of the same name, whatever their case.
--- Either may be nil. The result is an ordered list of pairs.
---@param where string
---@param base any
---@param over any
---@return table[]|nil
function headerlist.merge(where, base, over)
  if base == nil or over == nil then
    return over or base
  end
  local merged, has = {}, {}
  pairlist.each(where, over, function(name)
    has[tostring(name):lower()] = true
  end)
  pairlist.each(where, base, function(name, value)
    if not has[name:lower()] then
      merged[#merged + 1] = { name, value }
    end
  end)
  pairlist.each(where, over, function(name, value)
    merged[#merged + 1] = { name, value }
  end)
  return merged
end

return headerlist
