--- A set of transfers that share connections, look-ups and limits.

local check = require('luvcurl/base/check')
local core = require('luvcurl_core')
local host = require('luvcurl/host/host')
local main = require('luvcurl/host/main')
local misuse = require('luvcurl/base/misuse')
local perform = require('luvcurl/call/perform')
local suggest = require('luvcurl/base/suggest')
local timers = require('luvcurl/host/timers')

---@class luvcurl.Multi
---@field core luvcurl.CoreMulti
local Multi = { __name = 'luvcurl.Multi' }
Multi.__index = Multi

--- The names of what Multi:new takes.
Multi.SETTINGS = { 'max_connections', 'max_host_connections', 'max_concurrent', 'turn_budget',
  'fast' }

---@class luvcurl.MultiSettings
---@field max_connections? integer       connections kept open at most
---@field max_host_connections? integer  to one host at once; 0 (default) is no limit. Requests that
---                                      differ in what decides about trust (`tls`, a proxy's
---                                      credentials, …) share none: while both kinds are under way,
---                                      either limit is that of each kind
---@field max_concurrent? integer        transfers at once, the others wait; 0 is no limit. Without
---                                      this one and max_connections, all Multis of the process
---                                      keep together to three quarters of what it may open
---@field turn_budget? integer           ms that one iteration of the loop may work for transfers,
---                                      callbacks included, before everything else gets its turn;
---                                      5 by default, in Neovim 2, which runs its loop five times
---                                      before it looks at a key. The smallest of all Multis of a
---                                      state holds
---@field fast? boolean                  in Neovim: callbacks run at once, in luv's callbacks, where
---                                      most of `vim.api` may not be called; elsewhere they do

--- In Neovim, in ms.
local NVIM_BUDGET = 2

---@param settings any
---@return table
local function checked(settings)
  local result = { turn_budget = host.nvim and NVIM_BUDGET or nil }
  if settings == nil then
    return result
  end
  check.type('Multi settings', settings, 'table')
  for name, value in pairs(settings) do
    local known = false
    for _, setting in ipairs(Multi.SETTINGS) do
      known = known or setting == name
    end
    if not known then
      misuse(suggest.unknown('Multi setting', name, Multi.SETTINGS))
    end
    if name == 'fast' then
      result.fast = check.type('Multi setting fast', value, 'boolean')
    else
      local budget = name == 'turn_budget'
      result[name] = check.integer('Multi setting ' .. name, value, budget and 1 or 0, budget
        and 'milliseconds above 0' or 'a count of 0 or more', budget and 60000 or 2147483647)
    end
  end
  return result
end

--- Makes a Multi: `Multi:new{ max_concurrent = 100 }`.
---@param settings? luvcurl.MultiSettings
---@return luvcurl.Multi
function Multi:new(settings)
  if self ~= Multi then
    misuse('use Multi:new(settings), with a colon')
  end
  return setmetatable({ core = core.multi(checked(settings)) }, Multi)
end

---@param self any
local function own(self)
  if getmetatable(self) ~= Multi then
    misuse('use multi:method(…), with a colon')
  end
  return self.core
end

--- Starts a request. `callback(err, res)` is called exactly once, later. Without a callback the
--- body goes to stdout (unless the request has on_response or on_data), and a failure to stderr:
--- the process then ends with a status that is not 0.
---
--- Raises an error when the request is not valid or the Multi is closed.
---@param request string|luvcurl.Request  a URL or a table of request fields
---@param callback? luvcurl.Callback
---@return luvcurl.Transfer
function Multi:add(request, callback)
  return perform.start(own(self), request, nil, nil, callback)
end

--- Ends every transfer (their callbacks get an error) and refuses new ones. `callback`, if given,
--- is called when all of them have been told.
---@param callback? fun()
function Multi:close(callback)
  local inner = own(self)
  if callback ~= nil then
    perform.check_callback(callback)
    callback = perform.as_text(callback)
  end
  inner:close()
  if callback == nil then
    return
  end
  local timer = timers.take()
  timer:start(0, 1, function()
    if inner:count() == 0 then
      timers.give(timer)
      main.call(callback)
    end
  end)
end

--- The transfers that are in flight or wait for their turn.
---@return integer
function Multi:count()
  return own(self):count()
end

---@return luvcurl.Stats
function Multi:stats()
  return own(self):stats()
end

function Multi:__tostring()
  return ('luvcurl.Multi: %d transfers'):format(self.core:count())
end

local shared

--- The Multi of curl.get and its like: one for each Lua state, made when first needed.
---@return luvcurl.Multi
function Multi.shared()
  shared = shared or Multi:new()
  return shared
end

return Multi
