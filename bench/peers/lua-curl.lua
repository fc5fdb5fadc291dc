-- Lua-cURL 3's multi: perform, then wait. Its socket_action with luv for a loop was tried too, and
-- was no faster at any concurrency against a server as near as this one. Easy handles are kept.
-- LUA_CURL names the folder of lcurl.so, where it is not on the path.

local here = arg[0]:match '^(.*/)' or './'
local client = dofile(here .. 'client.lua')

local folder = os.getenv 'LUA_CURL'
if folder then
  package.cpath = folder .. '/?.so;' .. package.cpath
end
local curl = require 'lcurl'

local version = 'Lua-cURL 3, ' .. curl.version()
local options = client.options(arg, version, {
  down = true, ['post-json'] = true, http2 = true, tls = true,
})
local LONGEST_WAIT = 1000 -- ms

---@class LuaCurlSlot an easy handle and what it has received
local Slot = {}
Slot.__index = Slot

function Slot:keep(chunk)
  self.count = self.count + 1
  self.parts[self.count] = chunk
end

function Slot:count_chunk(chunk)
  self.length = self.length + #chunk
end

---@return integer length of the body, which is forgotten
function Slot:take()
  local length = self.length + #table.concat(self.parts, '', 1, self.count)
  self.count, self.length = 0, 0
  return length
end

local slots = {} -- by easy handle

local function new_slot()
  local slot = setmetatable({ parts = {}, count = 0, length = 0 }, Slot)
  local easy = curl.easy {
    url = options.url, nosignal = true, cainfo = options.cacert, pipewait = options.http2,
    http_version = options.http2 and curl.HTTP_VERSION_2TLS or curl.HTTP_VERSION_1_1,
  }
  easy:setopt_writefunction(options.workload == 'down' and slot.count_chunk or slot.keep, slot)
  if options.workload == 'post-json' then
    easy:setopt_httpheader { 'Content-Type: application/json' }
    easy:setopt_postfields(client.JSON)
  end
  slot.easy = easy
  slots[easy] = slot
  return slot
end

local multi = curl.multi { maxconnects = options.in_flight }
local free = {}

local function add(slot, tally)
  if tally:start() then
    multi:add_handle(slot.easy)
  else
    free[#free + 1] = slot
  end
end

local function finish_ended(tally)
  while true do
    local easy, ok, err = multi:info_read(true)
    if easy == 0 then
      return
    end
    local slot = slots[easy]
    local length = slot:take()
    if ok then
      tally:done(easy:getinfo_response_code(), length)
    else
      tally:done(nil, nil, tostring(err))
    end
    add(slot, tally)
  end
end

client.measure(options, function(tally, in_flight, finished)
  for _ = 1, math.min(in_flight, tally.left) do
    add(table.remove(free) or new_slot(), tally)
  end
  multi:perform()
  while tally.running > 0 do
    multi:wait(LONGEST_WAIT)
    multi:perform()
    finish_ended(tally)
  end
  finished()
end)
