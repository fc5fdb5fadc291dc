-- luvit's examples/poll-libcurl.lua with luvcurl in the place of its FFI part:
--
--     luvit examples/poll-libcurl.lua [URL]
--     luajit examples/poll-libcurl.lua [URL]
--     nvim --headless -c 'luafile examples/poll-libcurl.lua' -c 'qa!'
--
-- The bodies go to stdout, a failure to stderr and into the exit status.

local curl = require('luvcurl')

local process = rawget(_G, 'process') -- luvit's
local arguments = process and process.argv or arg or {}
local site = arguments[process and 2 or 1] or 'https://luvit.io/'

-- luvit (and any program on luvi, where luv is 'uv') runs the loop when a script has ended.
-- Elsewhere that is the script's own to do. So that this one can end as luvit's does, it then runs
-- itself once more, and the loop after that.
local made = ...
if type(made) ~= 'table' then
  made = {}
  if not process and (vim or not package.loaded.uv) then
    assert(loadfile(debug.getinfo(1, 'S').source:sub(2)))(made)
    if vim then
      vim.wait(60000, function() return made.multi:count() == 0 end)
    else
      require('luv').run()
    end
    return
  end
end

local Multi = {}
function Multi:new() -- luacheck: no self
  made.multi = curl.Multi:new()
  return made.multi
end

-- luacheck: ignore 213
local m = Multi:new()
for i=1, 2 do
  m:add(site)
end
