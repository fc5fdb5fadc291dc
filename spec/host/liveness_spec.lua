-- Waiting in the main chunk: the loop runs until the transfer is done and no longer, and everything
-- else on it goes on meanwhile.

local child = require 'spec.support.child'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local url = servers.nginx.url

local UV = [[
local loaded = package.loaded
local uv = loaded.luv or loaded.uv or vim and vim.loop or require 'luv'
local curl = require 'luvcurl'
]]

-- The output of a script that must end well.
local function output_of(source, args)
  local result
  helper.run(function()
    result = child.run(UV .. source, { args = args })
  end, child.DEADLINE)
  assert.same({ 0, 0, false }, { result.code, result.signal, result.late }, result.err)
  -- Neovim prints to stderr
  return ((result.out .. result.err):gsub('\r', ''):gsub('%s+$', '')), result
end

describe('a main chunk', function()
  it('gets a response', function()
    assert.equal('200 hello world', (output_of([[
      local res = assert(curl.get(arg[1]))
      print(res.status .. ' ' .. res.body)
    ]], { url .. '/small' })))
  end)

  it('gets an error', function()
    assert.equal('nil COULDNT_CONNECT', (output_of([[
      local res, err = curl.get(arg[1])
      print(tostring(res) .. ' ' .. err.name)
    ]], { (fault.refused()) })))
  end)

  it('goes on as soon as the transfer is done, whatever else is on the loop', function()
    local text = output_of([[
      local timer = uv.new_timer()
      uv.update_time()
      timer:start(8000, 0, function() end)
      local began = uv.hrtime()
      for i = 1, 20 do
        assert(curl.get(arg[1]))
      end
      local _, err = curl.get(arg[2])
      print(err.name .. ' ' .. ((uv.hrtime() - began) / 1e6 < 3000 and 'soon' or 'late'))
      timer:stop()
    ]], { url .. '/small', (fault.refused()) })
    assert.equal('COULDNT_CONNECT soon', text)
  end)

  it('is told of a timeout while nothing else happens on the loop', function()
    local text = output_of([[
      local timer = uv.new_timer()
      uv.update_time()
      timer:start(8000, 0, function() end)
      local began = uv.hrtime()
      local _, err = curl.get(arg[1], { timeout = 200 })
      local ms = (uv.hrtime() - began) / 1e6
      print(err.name .. ' ' .. (ms > 190 and ms < 1500 and 'in time' or ms))
      timer:stop()
    ]], { fault.silent().url })
    assert.equal('OPERATION_TIMEDOUT in time', text)
  end)

  it('lets timers run meanwhile', function()
    local text = output_of([[
      local ticks = 0
      local timer = uv.new_timer()
      timer:start(5, 5, function() ticks = ticks + 1 end)
      local _, err = curl.get(arg[1], { timeout = 300 })
      timer:stop()
      print(err.name .. ' ' .. (ticks >= 20 and 'ticked' or ticks))
    ]], { fault.silent().url })
    assert.equal('OPERATION_TIMEDOUT ticked', text)
  end)

  it('ends right after its last request, with the connection kept', function()
    local text, result = output_of([[
      print(assert(curl.get(arg[1])).status)
    ]], { url .. '/small' })
    assert.equal('200', text)
    assert.is_true(result.ms < 5000, ('took %.0f ms'):format(result.ms))
  end)

  it('streams a body', function()
    local text = output_of([[
      local res = assert(curl.stream(arg[1]))
      local size = 0
      for chunk in res:chunks() do
        size = size + #chunk
      end
      print(res.status .. ' ' .. size)
    ]], { url .. '/1m' })
    assert.equal('200 1048576', text)
  end)
end)

-- Where the script is a coroutine, or the loop never ends, nothing runs dry.
if helper.host ~= 'nvim' and helper.host ~= 'luvi' then
  describe('a main chunk whose loop', function()
    it('ends early, by unref, is told so', function()
      local ended = 'ABORTED_BY_CALLBACK: the event loop ended before the transfer did'
      assert.equal(ended, (output_of([[
        local _, err = curl.get(arg[1], {
          on_response = function(res) res.transfer:unref() end,
        })
        print(tostring(err))
      ]], { url .. '/slow' })))
    end)

    it('loses all its handles is told so', function()
      local text = output_of([[
        local timer = uv.new_timer()
        timer:start(50, 0, function()
          uv.walk(function(handle) if not handle:is_closing() then handle:close() end end)
        end)
        local _, err = curl.get(arg[1])
        print(tostring(err))
        print(assert(curl.get(arg[2])).status)
      ]], { fault.silent().url, url .. '/small' })
      assert.equal("ABORTED_BY_CALLBACK: the host closed luvcurl's handles on its loop\n200", text)
    end)
  end)
end
