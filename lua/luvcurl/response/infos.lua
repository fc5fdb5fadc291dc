--- libcurl's facts about a transfer, by name. A few are always kept, what the request's `infos`
--- names is kept besides: read when the transfer ends, since its handle serves others afterwards.

local core = require('luvcurl_core')
local misuse = require('luvcurl/base/misuse')
local suggest = require('luvcurl/base/suggest')

local infos = {}

local names, known ---@type string[], table<string, true>

--- What other names say.
local MEANT = { certificates = 'certinfo', cookies = 'cookielist', cookie_list = 'cookielist' }

--- Pointers, of no use to Lua.
local POINTERS = { tls_session = true, tls_ssl_ptr = true }

---@param name any
local function check_name(name)
  if not known then
    names, known = core.info_names(), {}
    for _, each in ipairs(names) do
      known[each] = true
    end
  end
  if not known[name] then
    local meant = MEANT[name]
    misuse(meant and ("unknown info '%s'; did you mean '%s'?"):format(name, meant)
      or suggest.unknown('info', name, names))
  elseif POINTERS[name] then
    misuse(("info '%s' is a pointer, of no use to Lua"):format(name))
  end
end

--- The names in a request's field.
---@param where string
---@param list any
---@return string[]
function infos.names(where, list)
  if type(list) ~= 'table' then
    misuse(('%s: expected a list of names, got %s'):format(where, type(list)))
  end
  local copy = {}
  for key, name in pairs(list) do
    if type(key) ~= 'number' then
      misuse(('%s: expected a list of names'):format(where))
    end
    check_name(name)
    copy[#copy + 1] = name
  end
  return copy
end

--- What was asked for, by transfer; false for what libcurl has not.
---@type table<luvcurl.Transfer, table<string, any>>
local kept = setmetatable({}, { __mode = 'k' })

--- Reads what was asked for, at the transfer's end.
---@param t luvcurl.Transfer
---@param list string[]
function infos.keep(t, list)
  local values = {}
  for _, name in ipairs(list) do
    local ok, value = pcall(t.info, t, name) -- one that has failed early may have none of it
    values[name] = ok and value or false
  end
  kept[t] = values
end

--- One of them, also while the transfer is under way. Raises for what is not kept.
---@param t luvcurl.Transfer
---@param name any
---@return any
function infos.get(t, name)
  local values = kept[t]
  local value = values and values[name]
  if value ~= nil then
    return value or nil
  end
  check_name(name)
  local ok, found = pcall(t.info, t, name)
  if not ok then
    misuse(found)
  end
  return found
end

return infos
