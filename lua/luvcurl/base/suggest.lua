--- The nearest known name to one that is not known, for error messages.

local shown_as = require('luvcurl/base/shown')

local suggest = {}

--- How many insertions, deletions, replacements and swaps of neighbours lie between two strings.
---@param a string
---@param b string
---@return integer
function suggest.distance(a, b)
  local before, last, row = {}, {}, {}
  for j = 0, #b do
    last[j] = j
  end
  for i = 1, #a do
    row[0] = i
    local byte = a:byte(i)
    for j = 1, #b do
      local cost = byte == b:byte(j) and 0 or 1
      local best = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
      if i > 1 and j > 1 and byte == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        best = math.min(best, before[j - 2] + 1)
      end
      row[j] = best
    end
    before, last, row = last, row, before
  end
  return last[#b]
end

--- The candidate nearest to `name`, or nil when none is near enough to be meant.
--- Case, `-` and `_` do not count: 'Max-Body' and 'maxbody' both find 'max_body'.
---@param name any
---@param candidates string[]
---@return string|nil
function suggest.nearest(name, candidates)
  if type(name) ~= 'string' or #name > 100 then
    return nil
  end
  local function plain(s)
    return (s:lower():gsub('[-_%s]', ''))
  end
  local wanted = plain(name)
  local best, best_distance
  local limit = math.floor(#wanted / 3) + 1
  for _, candidate in ipairs(candidates) do
    if math.abs(#candidate - #name) <= limit + 4 then
      local distance = suggest.distance(wanted, plain(candidate))
      if distance <= limit and (not best_distance or distance < best_distance) then
        best, best_distance = candidate, distance
      end
    end
  end
  return best
end

--- "unknown request field 'timout'; did you mean 'timeout'?"
---@param what string       what kind of name it is: 'request field', 'option', …
---@param name any
---@param candidates string[]
---@return string
function suggest.unknown(what, name, candidates)
  local shown = shown_as(name)
  local near = suggest.nearest(name, candidates)
  if near then
    return ("unknown %s %s; did you mean '%s'?"):format(what, shown, near)
  end
  return ('unknown %s %s'):format(what, shown)
end

return suggest
