--- Errors of use (a wrong argument, a wrong place) are raised, with the position of the caller's
--- line: the first function on the stack that does not belong to this library. A fixed level
--- would be wrong as soon as one more function lies between the door and the check.

local getinfo = debug.getinfo

-- The folder above this one has all of luvcurl's Lua.
local own_folder = getinfo(1, 'S').source:match('^(.*[/\\])[^/\\]*[/\\]')

---@param info table  what debug.getinfo gave
---@return boolean
local function is_ours(info)
  if info.what == 'C' or info.what == 'tail' then
    return true -- has no line to point to
  end
  return own_folder ~= nil and info.source:sub(1, #own_folder) == own_folder
end

--- What a message may have at most, in bytes: values are cut where they are named, this is for what
--- comes from elsewhere (a JSON library, libcurl).
local MOST = 2000

--- Raises `message`, a string, as an error at the caller's line.
---@param message string
local function misuse(message)
  if type(message) == 'string' and #message > MOST then
    message = message:sub(1, MOST) .. '…'
  end
  local level = 2
  local info = getinfo(level, 'S')
  while info and is_ours(info) do
    level = level + 1
    info = getinfo(level, 'S')
  end
  error(message, info and level or 0)
end

return misuse
