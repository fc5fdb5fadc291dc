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

local m = Multi:new()
for i=1, 2 do -- luacheck: ignore 213
  m:add(site)
end

-- luvit runs the loop when the script has ended; elsewhere that is the script's own to do.
if vim then
  vim.wait(60000, function() return m:count() == 0 end)
elseif not process then
  require('luv').run()
end
