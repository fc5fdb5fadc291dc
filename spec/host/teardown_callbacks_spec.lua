-- The end of the process from inside every place where luvcurl calls a script, with other transfers
-- in flight: the exit status that was asked for, within a second, and nothing said.

local exits = require 'spec.support.exits'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local hooks = require 'spec.support.hooks'
local servers = require 'spec.support.servers'

local SCRIPT = [[
local uv = package.loaded.luv or package.loaded.uv or vim and vim.loop or require 'luv'
local hosted = package.loaded.uv and not package.loaded.luv and not vim
local curl = require 'luvcurl'
local hook = require 'spec.support.hooks'.named(arg[1])
local leave = assert((loadstring or load)(arg[6]))
local session = curl.session { timeout = 9000 }
for _ = 1, 2 do
  curl.get(arg[3] .. '/slow', function() end)
  session.get(arg[3] .. '/slow', function() end)
end
hook.start {
  session = session, url = arg[3], style = arg[2], folder = arg[5], refused = arg[4],
  new_multi = function(settings) return curl.Multi:new(settings) end,
  inside = function()
    io.stdout:write(('%.0f\n'):format(uv.hrtime() / 1e6))
    io.stdout:flush()
    leave()
  end,
  final = function() end,
}
if vim then
  vim.wait(8000, function() end, 5)
elseif not hosted then
  uv.run()
end
]]

-- Neovim refuses commands in callbacks of the loop, so its way is to schedule them; they run while
-- the script still waits. Where the callback is none of the loop's, they run at once.
local IN_NEOVIM = [[
local function go() %s end
if vim.in_fast_event() then
  assert(not pcall(go))
  vim.schedule(go)
else
  go()
end
]]

local WAYS = { { 'os.exit', 'os.exit(3)', 3 } }
if helper.nvim then
  WAYS[2] = { 'qa!', IN_NEOVIM:format "vim.cmd 'qa!'", 0 }
  WAYS[3] = { 'cquit', IN_NEOVIM:format "vim.api.nvim_command 'cquit 4'", 4 }
else -- Neovim's state is not ours to close
  WAYS[2] = { 'os.exit and lua_close', 'os.exit(5, true)', 5 }
end

local function all_of(hook, place)
  local list = {}
  for _, style in ipairs(hook.styles) do
    for _, way in ipairs(WAYS) do
      list[#list + 1] = { name = ('%s (%s)'):format(way[1], style), status = way[3],
        args = { hook.name, style, servers.nginx.url, place.refused, place.folder, way[2] } }
    end
  end
  return list
end

describe('the process ends in', function()
  local expected, done = 0, 0
  for _, hook in ipairs(hooks.list) do
    expected = expected + #hook.styles * #WAYS
    it(hook.name, function()
      local place = { folder = folder.new().path, refused = fault.refused() }
      done = done + exits.all(SCRIPT, all_of(hook, place))
    end)
  end

  it(('callbacks: %d times'):format(expected), function() assert.equal(expected, done) end)
end)
