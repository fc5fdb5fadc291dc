-- The end of the process from inside every place where luvcurl calls a script, with other transfers
-- in flight: the exit status that was asked for, within a second, and nothing said.

local child = require 'spec.support.child'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local hooks = require 'spec.support.hooks'
local servers = require 'spec.support.servers'

local LIMIT = 1000 -- ms from the way out to the end of the process
local AT_ONCE = 8  -- processes

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

local function problem_of(result, status, began)
  local left = tonumber((result.out:gsub('\r', '')):match '(%d+)\n')
  if not left then
    return 'did not come to its way out: ' .. result.err
  elseif result.late or result.signal ~= 0 or result.code ~= status or result.err ~= '' then
    return ('late %s, signal %d, status %d: %s'):format(tostring(result.late), result.signal,
      result.code, result.err)
  elseif began + result.ms - left > LIMIT then
    return ('took %.0f ms to its end'):format(began + result.ms - left)
  end
end

local done = 0

local function try(one, place)
  local began = helper.uv.hrtime() / 1e6
  local result = child.run(SCRIPT, { args = { one.hook.name, one.style, servers.nginx.url,
    place.refused, place.folder, one.way[2] } })
  return problem_of(result, one.way[3], began)
end

local function all_of(hook)
  local list = {}
  for _, style in ipairs(hook.styles) do
    for _, way in ipairs(WAYS) do
      list[#list + 1] = { hook = hook, style = style, way = way }
    end
  end
  return list
end

describe('the process ends in', function()
  local expected = 0
  for _, hook in ipairs(hooks.list) do
    local list = all_of(hook)
    expected = expected + #list
    it(hook.name, function()
      local place = { folder = folder.new().path, refused = fault.refused() }
      local following, running, again = 1, 0, {}
      local function worker()
        while list[following] do
          local one = list[following]
          following = following + 1
          if try(one, place) then
            again[#again + 1] = one
          end
          done = done + 1
        end
        running = running - 1
      end
      for _ = 1, AT_ONCE do
        running = running + 1
        coroutine.wrap(worker)()
      end
      helper.wait_for(function() return running == 0 end, 60000)
      -- What went wrong beside others counts when it does alone too: the limit is a short one.
      helper.run(function()
        for _, one in ipairs(again) do
          local problem = try(one, place)
          assert(not problem, ('%s (%s): %s'):format(one.way[1], one.style, problem or ''))
        end
      end, 60000)
    end)
  end

  it(('callbacks: %d times'):format(expected), function() assert.equal(expected, done) end)
end)
