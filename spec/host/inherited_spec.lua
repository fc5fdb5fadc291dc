-- What children of the process inherit: none of luvcurl's descriptors.

local child = require 'spec.support.child'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local slow_lookup = require 'spec.support.slow_lookup'

local SCRIPT = [[
local uv = package.loaded.luv or package.loaded.uv or vim and vim.loop or require 'luv'
local curl = require 'luvcurl'
local own = {}

local function inherited(call)
  local out, text = uv.new_pipe(false), ''
  local handle
  handle = assert(uv.spawn('ls', { args = { '-l', '/proc/self/fd' }, stdio = { nil, out, 2 } },
    function() handle:close() end))
  out:read_start(function(_, data)
    if data then
      text = text .. data
      return
    end
    out:close()
    local list = {}
    for fd, to in text:gmatch('(%d+) %-> ([^\n]+)') do
      if tonumber(fd) > 2 and not to:find('^/proc/') then
        list[#list + 1] = to
      end
    end
    call(list)
  end)
end

inherited(function(before)
  for _, to in ipairs(before) do own[to] = true end
  for i = 1, 3 do
    local m = curl.Multi:new()
    for _, url in ipairs(arg) do
      m:add({ url = url, timeout = 2000, tls = { verify = false } }, function() end)
    end
  end
  local timer = uv.new_timer()
  timer:start(150, 0, function()
    inherited(function(after)
      for _, to in ipairs(after) do
        if not own[to] then io.stdout:write(to, '\n') end
      end
      io.stdout:write('looked\n')
      io.stdout:flush()
      os.exit(0)
    end)
  end)
end)
if vim then
  vim.wait(10000, function() end, 5)
elseif not package.loaded.uv or package.loaded.luv then
  uv.run()
end
]]

describe('a child of the process', function()
  teardown(slow_lookup.clean)

  it('inherits none of luvcurl\'s descriptors', function()
    helper.run(function()
      local silent = fault.silent()
      local result = child.run(SCRIPT, { args = { silent.url, 'http://localhost:' .. silent.port,
        (silent.url:gsub('^http', 'https')) } })
      assert.same({ 0, 0, '', 'looked\n' }, { result.code, result.signal, result.err, result.out })
    end, child.DEADLINE)
  end)

  it('inherits neither end of what a name look-up is told by', function()
    local library = slow_lookup.library()
    helper.run(function()
      local result = child.run(SCRIPT, { args = { 'http://slow.example/' }, preload = library })
      assert.same({ 0, 0, '', 'looked\n' }, { result.code, result.signal, result.err, result.out })
    end, child.DEADLINE)
  end)
end)
