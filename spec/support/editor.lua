-- A Neovim of its own with somebody at its screen, for specs that run in Neovim:
--
--     local editor = Editor.open()
--     editor:lua([[ return vim.api.nvim_get_mode().mode ]])   -- runs there, and waits for it
--     editor:begin([[ require 'luvcurl'.get(…) ]])            -- runs there, and does not wait
--     editor:type('<C-c>')
--
-- It is driven over msgpack-RPC, as user interfaces do; luvcurl and the spec's own modules are on
-- its search paths. It ends with the test.

local helper = require 'spec.support.helper'

local api, fn = vim.api, vim.fn -- luacheck: ignore

local COLUMNS, LINES = 80, 24
local ARGUMENTS = { '-u', 'NONE', '-i', 'NONE', '-n' }

---@class Editor
---@field channel integer
---@field err string what it wrote to stderr
local Editor = {}
Editor.__index = Editor

local function end_of(channel)
  fn.jobstop(channel)
  fn.jobwait({ channel }, 10000)
end

--- What its process gets on top of our environment.
local function environment()
  return { LD_PRELOAD = os.getenv('LUVCURL_PRELOAD') or '' }
end

--- Starts one, with a user interface of 80 columns and 24 lines.
---@return Editor
function Editor.open()
  local self = setmetatable({ err = '' }, Editor)
  self.channel = fn.jobstart({ 'nvim', '--embed', unpack(ARGUMENTS) }, {
    rpc = true, env = environment(),
    on_stderr = function(_, lines) self.err = self.err .. table.concat(lines, '\n') end,
  })
  assert(self.channel > 0, 'nvim could not be started')
  helper.defer(function() end_of(self.channel) end)
  fn.rpcrequest(self.channel, 'nvim_ui_attach', COLUMNS, LINES, { ext_linegrid = true })
  return self
end

--- Runs Lua source there with these arguments as its `…`, and waits for what it returns.
---@param source string
---@param ... any
---@return any
function Editor:lua(source, ...)
  return fn.rpcrequest(self.channel, 'nvim_exec_lua', source, { ... })
end

--- Runs Lua source there, and does not wait for it. What it raises fails the next wait_for: Neovim
--- itself would tell us by a notification that we do not know, of which we would tell it, without
--- end.
---@param source string
---@param ... any
function Editor:begin(source, ...)
  fn.rpcnotify(self.channel, 'nvim_exec_lua', [[
    local ok, why = pcall(assert(loadstring((...))), select(2, ...))
    begin_failure = not ok and tostring(why) or nil
  ]], { source, ... })
end

--- As if somebody pressed these keys.
---@param keys string
function Editor:type(keys)
  fn.rpcrequest(self.channel, 'nvim_input', keys)
end

--- What its screen shows, line by line, without the spaces at their ends.
---@return string[]
function Editor:screen()
  return self:lua [[
    vim.cmd('redraw')
    local lines = {}
    for row = 1, vim.o.lines do
      local cells = {}
      for column = 1, vim.o.columns do
        cells[column] = vim.fn.screenstring(row, column)
      end
      lines[row] = table.concat(cells):gsub(' +$', '')
    end
    return lines
  ]]
end

--- Waits until the source returns true there.
---@param source string
function Editor:wait_for(source)
  local checked = 'if begin_failure then error(begin_failure, 0) end ' .. source
  helper.wait_for(function() return self:lua(checked) == true end, nil, source)
end

return Editor
