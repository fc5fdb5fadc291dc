--- stderr, as progress needs it: whether somebody looks at it, how wide it is, and a way to write.

local ending = require('luvcurl/host/ending')
local host = require('luvcurl/host/host')

local uv, nvim = host.uv, host.nvim

local terminal = {}

local STDERR = 2
local COLUMNS, ROWS = 80, 24 -- where it cannot be known

local handle

--- Opened once and closed by curl.shutdown only: a script may end right after its last line, and
--- luv 1.44 crashes at exit when a close callback has not run. It does not keep the loop alive.
local function tty()
  if not handle then
    local made = uv.new_tty(STDERR, false)
    handle = made or false
  end
  return handle
end

ending.keep(function(list)
  list[#list + 1], handle = handle, nil
end)

--- Neovim draws on the same terminal: what goes there belongs into its messages. Where its
--- interfaces may not be counted, it is taken to have one: a line too few is better than a torn
--- screen.
local function has_editor()
  return nvim and (nvim.in_fast_event() or #nvim.api.nvim_list_uis() > 0)
end

---@class luvcurl.Terminal
---@field is_terminal boolean
---@field size fun(): integer, integer  columns and rows
---@field write fun(text: string)

--- stderr, looked at now.
---@return luvcurl.Terminal
function terminal.stderr()
  if has_editor() then
    return {
      is_terminal = false,
      size = function() return COLUMNS, ROWS end,
      write = function(text)
        nvim.schedule(function()
          if #nvim.api.nvim_list_uis() > 0 then
            nvim.api.nvim_echo({ { (text:gsub('\n$', '')) } }, false, {})
          else
            io.stderr:write(text)
          end
        end)
      end,
    }
  end
  local process = host.process()
  return {
    is_terminal = uv.guess_handle(STDERR) == 'tty',
    size = function()
      local known = tty()
      local columns, rows
      if known then
        columns, rows = uv.tty_get_winsize(known)
      end
      if type(columns) ~= 'number' or columns < 1 then
        return COLUMNS, ROWS
      end
      return columns, rows
    end,
    write = function(text)
      if process then
        process.stderr:write(text)
      else
        io.stderr:write(text)
        io.stderr:flush()
      end
    end,
  }
end

return terminal
