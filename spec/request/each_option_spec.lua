-- Every option of the loaded libcurl that luvcurl lets through, with several values, with and
-- without a body: each request ends in a result or an error, whatever it makes libcurl do. In a
-- process of its own: some of them write files, or what libcurl thinks to stderr.

-- What is tried is beneath Lua, and its mistakes are the sanitizer's to see.
if not os.getenv('LUVCURL_ASAN') then
  return
end

local child = require 'spec.support.child'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local nginx, ftp = servers.nginx, servers.ftp

local SCRIPT = [[
local base, upload, user, password = arg[1], arg[2], arg[3], arg[4]
local uv = package.loaded.luv or vim and (vim.uv or vim.loop) or require 'luv'
local core, curl = require 'luvcurl_core', require 'luvcurl'

local VALUES = {
  number = { 0, 1, 2, -1, 2147483647 },
  size = { 0, 1, -1, 2 ^ 40 },
  string = { 'x', '', '127.0.0.1', '/', false },
  list = { { 'x' }, { 'X: y', '' }, {} },
  blob = { 'x', '' },
}
local SIZES = { -- by hand: any would do for the others
  buffersize = { 1024, 10 * 1024 * 1024 }, upload_buffersize = { 16384, 2 * 1024 * 1024 },
}
local BODIES = {
  function() end,
  function(one) one.body = 'abc' end,
  function(one)
    local left = 2
    one.body = {
      read = function() left = left - 1 return left > 0 and 'abc' or nil end,
      rewind = function() left = 2 end,
    }
  end,
  function(one) one.multipart = { a = 'b' } end,
}

local multi = curl.Multi:new()
local next_one
local running, added, refused, ended, good = {}, 0, 0, 0, 0

local function try(url, name, value, body)
  local one = { url = url, timeout = 2000, connect_timeout = 1000, expect = false,
    options = { [name] = value }, auth = url == upload and { user = user, password = password },
    proxy = false }
  one.auth = one.auth or nil
  if not name:find('protocols') then
    one.options[core.option_kind('protocols_str') and 'protocols_str' or 'protocols'] =
      core.option_kind('protocols_str') and 'all' or -1
  end
  body(one)
  local label = ('%s %s=%s'):format(url, name, tostring(value))
  local key = {}
  local ok, why = pcall(multi.add, multi, one, function(err, res)
    if not running[key] or (err == nil) == (res == nil) then
      io.stderr:write('ended twice, or in nothing: ', label, '\n')
      os.exit(3)
    end
    running[key], ended, good = nil, ended + 1, good + (res and 1 or 0)
    next_one()
  end)
  if ok then
    running[key], added = label, added + 1
    coroutine.yield()
  elseif type(why) ~= 'string' then
    error(why)
  else
    refused = refused + 1
  end
end

local all = coroutine.create(function()
  for _, name in ipairs(core.option_names()) do
    local kind = core.option_kind(name)
    for _, value in ipairs(SIZES[name] or VALUES[kind] or {}) do
      for _, body in ipairs(BODIES) do
        try(base, name, value, body)
        try(upload, name, value, body)
      end
    end
  end
end)

function next_one()
  if coroutine.status(all) ~= 'dead' then
    assert(coroutine.resume(all))
  end
end

for _ = 1, 32 do -- at once
  next_one()
end

local watchdog = uv.new_timer()
watchdog:start(tonumber(arg[5]), 0, function()
  for _, label in pairs(running) do
    io.stderr:write('has not ended: ', label, '\n')
  end
  os.exit(4)
end)
while ended < added do
  uv.run('once')
end
print(('%d ended, %d well; %d refused'):format(ended, good, refused))
io.stdout:flush()
watchdog:close()
uv.run('nowait')
]]

describe('every option', function()
  it('ends in a result or an error', function()
    helper.run(function()
      local target = '/each_option.txt'
      process.write_file(ftp.root .. target, 'something\n')
      helper.defer(function() os.remove(ftp.root .. target) end)
      local limit = 120000
      local result = child.run(SCRIPT, {
        args = { nginx.url .. '/small', ftp.url .. target, ftp.user, ftp.password,
          tostring(limit * helper.slower) },
        cwd = folder.new().path, ms = limit + 20000,
      })
      assert.same({ 0, 0 }, { result.code, result.signal },
        result.out .. result.err:sub(-4000))
      -- The host's own words may come around it.
      local ended, good, refused = (result.out .. result.err):match(
        '(%d+) ended, (%d+) well; (%d+) refused')
      assert.is_true(tonumber(ended) > 4000, result.out)
      assert.is_true(tonumber(good) > 2000, result.out)
      assert.is_true(tonumber(refused) > 100, result.out)
    end, 500000)
  end)
end)
