-- Opens a page in a new buffer without holding up the editor:
--
--     :luafile examples/neovim.lua
--     :Fetch https://example.org/

local curl = require 'luvcurl'

local function show(url, text)
  vim.cmd('new')
  vim.api.nvim_buf_set_name(0, url)
  vim.api.nvim_buf_set_lines(0, 0, -1, false, vim.split(text, '\r?\n'))
  vim.api.nvim_buf_set_option(0, 'buftype', 'nofile')
end

vim.api.nvim_create_user_command('Fetch', function(command)
  local url = command.args
  -- The callback runs on Neovim's main loop, where all of vim.api may be used.
  curl.get(url, { timeout = 30000 }, function(err, res)
    if err then
      return vim.notify(tostring(err), vim.log.levels.ERROR)
    end
    show(url, res.body)
  end)
end, { nargs = 1 })
