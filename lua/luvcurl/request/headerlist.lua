--- The header lines of a request, in libcurl's notation: "Name: value", "Name;" for an empty
--- value, "Name:" to leave out one that libcurl would send by itself.

local check = require('luvcurl/base/check')
local misuse = require('luvcurl/base/misuse')
local pairlist = require('luvcurl/request/pairlist')

local headerlist = {}

--- RFC 9110's token: what a header's name or a method may consist of.
local NOT_TOKEN = "[^%w!#$%%&'*+%-.^_`|~]"

-- Valid names with themselves in lower case, and the lines of names and values, as programs send
-- the same headers over and over. Forgotten all at once.
local MAX_KNOWN, MAX_VALUE = 256, 256
local known, lines_of, known_count = {}, {}, 0

--- Counts what is about to be remembered.
local function remember()
  if known_count >= MAX_KNOWN then
    known, lines_of, known_count = {}, {}, 0
  end
  known_count = known_count + 1
end

---@param where string
---@param name any
---@return string lower  the name in lower case
local function lower_name(where, name)
  local lower = known[name]
  if not lower then
    check.line(where, name)
    if name == '' or name:find(NOT_TOKEN) then
      misuse(("%s: %s is no valid name (letters, digits and !#$%%&'*+-.^_`|~)"):format(where,
        check.shown(name)))
    end
    lower = name:lower()
    remember()
    known[name] = lower
  end
  return lower
end

---@param where string
---@param name any
---@return string name
function headerlist.token(where, name)
  lower_name(where, name)
  return name
end

---@param where string
---@param name string
---@param value any  a string, number or boolean
---@return string
local function line_of(where, name, value)
  local lines = lines_of[name]
  local line = lines and lines[value]
  if not line then
    local place = where .. '.' .. check.shown(name, true)
    local text = check.line(place, pairlist.text(place, value))
    line = text:find('%S') and name .. ': ' .. text or name .. ';'
    if type(value) == 'string' and #value <= MAX_VALUE then
      remember()
      lines_of[name] = lines_of[name] or {}
      lines_of[name][value] = line
    end
  end
  return line
end

---@param lines string[]
---@param where string
---@param name string
---@param value any  string, number, boolean false, or a list of these for several lines
local function add(lines, where, name, value)
  if value == false then
    lines[#lines + 1] = name .. ':'
  elseif type(value) == 'table' then
    local place = where .. '.' .. check.shown(name, true)
    pairlist.check_list(place, value, 'write each line as text')
    for _, each in ipairs(value) do
      lines[#lines + 1] = line_of(where, name, each)
    end
  else
    lines[#lines + 1] = line_of(where, name, value)
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
    has[lower_name(where, name)] = true
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
