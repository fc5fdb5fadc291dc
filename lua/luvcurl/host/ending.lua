--- What has to end when everything does (curl.shutdown) and is no transfer: downloads at work on
--- their files, waits for a time; and handles of luv's that are kept for later.

local ending = {}

local live = {}    ---@type table<any, function>  what is under way, and how it is ended
local keepers = {} ---@type (fun(list: userdata[]))[]

--- The name of the error of what ended so.
ending.NAME = 'SHUT_DOWN'
ending.MESSAGE = 'curl.shutdown was called'

local function nothing() end

--- Notes what is under way until remove(what).
---@param what any
---@param stop? fun(what: any)  has it end soon
function ending.add(what, stop)
  live[what] = stop or nothing
end

---@param what any
function ending.remove(what)
  live[what] = nil
end

--- `give(list)` adds handles that are kept for later, and forgets them.
---@param give fun(list: userdata[])
function ending.keep(give)
  keepers[#keepers + 1] = give
end

--- Has all that is under way end.
---@return any[] left  for is_over
function ending.begin()
  local left = {}
  for what in pairs(live) do
    left[#left + 1] = what
  end
  for _, what in ipairs(left) do
    if live[what] then
      live[what](what)
    end
  end
  return left
end

--- Whether all of these have ended.
---@param left any[]
---@return boolean
function ending.is_over(left)
  for _, what in ipairs(left) do
    if live[what] then
      return false
    end
  end
  return true
end

--- Adds the handles that are kept.
---@param list userdata[]
function ending.give(list)
  for _, give in ipairs(keepers) do
    give(list)
  end
end

return ending
