-- What a process leaves of its downloads when it ends in the middle: no file that nobody will use.

local child = require 'spec.support.child'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'

local SCRIPT = [[
local uv = package.loaded.luv or package.loaded.uv or vim and vim.loop or require 'luv'
local curl = require 'luvcurl'
local url, dir, way, resume = arg[1], arg[2], arg[3], arg[4] == 'resume'
curl.download(url, dir .. '/file', { resume = resume }, function(err)
  print('ended: ' .. tostring(err))
end)
local function has_bytes()
  local found, scan = false, uv.fs_scandir(dir)
  for name in function() return uv.fs_scandir_next(scan) end do -- to its end, which frees it
    found = found or name:find('%.part$') and uv.fs_stat(dir .. '/' .. name).size > 0
  end
  return found
end
if vim then
  assert(vim.wait(20000, has_bytes, 5))
else
  while not has_bytes() do uv.run('once') end
end
if way == 'exit' then
  os.exit(0)
elseif way == 'error' then
  error('uncaught')
elseif way == 'close' then
  os.exit(0, true)
elseif way == 'quit' and vim then
  vim.cmd('qa!')
end
]]

local function run(way, resume)
  local dir = folder.new()
  local server = fault.serve(function(conn)
    conn:request()
    conn:send('HTTP/1.1 200 OK\r\nETag: "v1"\r\nContent-Length: 2000\r\n\r\n' .. ('a'):rep(1000))
    conn:stall()
  end)
  local result = child.run(SCRIPT, { args = { server.url, dir.path, way, resume } })
  assert.is_false(result.late, result.err)
  assert.equal(0, result.signal, result.err)
  return dir:names(), result
end

-- luvi runs the loop at the script's end.
local WAYS = { 'exit', 'error', 'close' }
if helper.host ~= 'luvi' then
  WAYS[#WAYS + 1] = helper.nvim and 'quit' or 'end'
end

describe('a process that ends', function()
  for _, way in ipairs(WAYS) do
    it(('by %s leaves no part'):format(way), function()
      helper.run(function()
        local names, result = run(way, '')
        assert.same({}, names, result.out .. result.err)
      end, child.DEADLINE)
    end)
  end

  it('leaves what can be continued', function()
    helper.run(function()
      assert.same({ 'file.part', 'file.part.meta' }, (run('exit', 'resume')))
    end, child.DEADLINE)
  end)
end)
