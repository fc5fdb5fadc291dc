--- Neovim's buffers, for what is to end with one.

local check = require('luvcurl/base/check')
local main = require('luvcurl/host/main')
local misuse = require('luvcurl/base/misuse')
local nvim = require('luvcurl/host/host').nvim

local buffer = {}

--- Calls `on_end(message)` when a buffer is deleted or wiped out.
---@param where string  names the argument
---@param number any    0 is the current one
---@param on_end fun(message: string)
---@return fun() unfollow
function buffer.follow(where, number, on_end)
  check.integer(where, number, 0, 'the number of a buffer')
  if not nvim then
    misuse(where .. ': only Neovim has buffers')
  end
  local api = nvim.api
  local ok, id = pcall(api.nvim_create_autocmd, { 'BufDelete', 'BufWipeout' }, {
    buffer = number,
    callback = function()
      on_end('its buffer is gone')
    end,
  })
  if not ok then
    misuse(('%s: %s'):format(where, tostring(id)))
  end
  return function()
    main.call(function()
      pcall(api.nvim_del_autocmd, id) -- it goes with the buffer, too
    end)
  end
end

return buffer
