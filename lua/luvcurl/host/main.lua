--- Where user code is called. In Neovim that is its main loop, where all of `vim.api` may be used,
--- whatever callback of luv's has something to tell; elsewhere it is right there.

local core = require('luvcurl_core')
local host = require('luvcurl/host/host')

local nvim = host.nvim

local main = {}

-- A script that calls uv.run gets no other callbacks of Neovim's until that returns.
local function is_shut()
  return host.uv.loop_mode()
end

--- Calls `fn` where user code belongs: at once, or soon, in the order of the calls.
---@param fn fun()
function main.call(fn)
  if nvim and nvim.in_fast_event() and not is_shut() then
    nvim.schedule(fn)
  else
    fn()
  end
end

--- Where Neovim may show it now. Tabs it would show as ^I.
local function show(message)
  nvim.api.nvim_err_writeln((tostring(message):gsub('\t', '    ')))
end

--- Tells the host of an error that nobody else can be told of, as it tells of one in a callback of
--- luv's. Raised, it would have a second traceback added on its way. In Lua's own interpreters this
--- ends the process.
---@param message string  with its traceback
function main.report(message)
  if not nvim then
    core.report(message)
  elseif nvim.in_fast_event() then
    nvim.schedule(function() show(message) end)
  else
    show(message)
  end
end

if nvim and nvim.schedule and nvim.in_fast_event then
  core.call_elsewhere(nvim.schedule, show, is_shut)
else
  nvim = nil
end

return main
