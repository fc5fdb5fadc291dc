-- A host that leaves as luvit does while something is under way that nobody waits for: it says
-- 'exit', runs the loop once more, closes every handle (its stdout, too) and runs it a last time. A
-- clean exit stays one, whatever callbacks do then.

local child = require 'spec.support.child'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'

if helper.nvim then -- its uv.walk aborts
  return
end

-- arg: the URL, what is under way, and what the host says
local SCRIPT = [[
local uv = package.loaded.luv or package.loaded.uv or require 'luv'
local handlers = {}
process = { -- as luvit's
  argv = {}, stdout = {},
  on = function(_, event, fn) handlers[event] = fn end,
}
local stdout = uv.new_pipe(false)
local curl = require 'luvcurl'

local function say(...)
  assert(not stdout:is_closing(), 'stdout is closed')
  io.stdout:write(table.concat({ ... }, ' '), '\n')
  io.stdout:flush()
end

if arg[2] == 'callback' then
  curl.get(arg[1], function(err) say('background:', err.name) end):unref()
elseif arg[2] == 'raises' then
  curl.get(arg[1], function() error('of its own') end):unref()
else
  coroutine.wrap(function()
    local res = assert(curl.stream(arg[1]))
    res.transfer:unref()
    local chunk, err
    repeat chunk, err = res:read() until not chunk
    error(err, 0)
  end)()
end

local function leave()
  if arg[3] == 'exit' then
    handlers.exit()
    uv.run()
  elseif arg[3] == 'uncaughtException' then
    handlers.uncaughtException()
  end
  uv.walk(function(handle)
    if not handle:is_closing() then handle:close() end
  end)
  uv.run()
end

-- When the transfer is under way.
local timer = uv.new_timer()
timer:start(100, 0, function() timer:close() end)
if package.loaded.luv then uv.run() else while uv.run('once') and not timer:is_closing() do end end
leave()
say = nil
os.exit(0)
]]

local function leaves(what, says)
  local result
  helper.run(function()
    local server = fault.serve(function(conn)
      conn:request()
      conn:send('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome')
      conn:stall()
    end)
    result = child.run(SCRIPT, { args = { server.url, what, says } })
  end, child.DEADLINE)
  assert.same({ 0, 0 }, { result.code, result.signal }, result.err)
  return result.out, result.err
end

describe('a host that leaves', function()
  it('and says so has callbacks called while they can print', function()
    local out, err = leaves('callback', 'exit')
    assert.same({ 'background: SHUT_DOWN\n', '' }, { out, err })
  end)

  it('and says so ends coroutines without a word', function()
    assert.same({ '', '' }, { leaves('coroutine', 'exit') })
  end)

  it('and closes its handles is not ended by what callbacks raise', function()
    local out, err = leaves('callback', 'nothing')
    assert.equal('', out)
    assert.matches('stdout is closed', err)
    assert.is_nil(err:find('stdout is closed.*stdout is closed'))
    out, err = leaves('coroutine', 'nothing')
    assert.equal('', out)
    assert.matches('ABORTED_BY_CALLBACK', err)
  end)

  it('for an error that it has told does not hear of others', function()
    assert.same({ '', '' }, { leaves('callback', 'uncaughtException') })
    assert.same({ '', '' }, { leaves('raises', 'uncaughtException') })
  end)
end)
