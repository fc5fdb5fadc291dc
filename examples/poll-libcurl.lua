-- luvit's examples/poll-libcurl.lua with luvcurl in the place of its FFI part:
--
--     luvit examples/poll-libcurl.lua [URL]
--     luajit examples/poll-libcurl.lua [URL]
--     nvim --headless -c 'luafile examples/poll-libcurl.lua' -c 'qa!'
--
-- The bodies go to stdout, a failure to stderr and into the exit status.

local Multi = require('luvcurl').Multi

local process = rawget(_G, 'process') -- luvit's
local arguments = process and process.argv or arg or {}
local site = arguments[process and 2 or 1] or 'https://luvit.io/'

-- luvit runs the loop when the script has ended. Elsewhere that is the script's own to do; so that
-- the example can end as luvit's does, it is done when the chunk returns.
if not process then
  local uv = package.loaded.luv or vim and vim.loop or require('luv')
  local chunk = debug.getinfo(1, 'f').func
  debug.sethook(function()
    if debug.getinfo(2, 'f').func == chunk then
      debug.sethook()
      local _, m = debug.getlocal(2, 6)
      if vim then
        vim.wait(60000, function() return m:count() == 0 end)
      else
        uv.run()
      end
    end
  end, 'r')
end

local m = Multi:new()
for i=1, 2 do
  m:add(site)
end
