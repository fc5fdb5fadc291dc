-- examples/fan_out.lua and examples/chat.lua, which the issue wants short, do what they say.

local child = require 'spec.support.child'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'

if helper.host == 'nvim' or helper.host == 'luvi' then
  return -- they take arguments, and luv by its name
end

local function code_lines(name)
  local n = 0
  for line in process.read_file('examples/' .. name):gmatch('[^\n]+') do
    n = n + (line:find('^%-%-') and 0 or 1)
  end
  return n
end

local function run(name, args, input)
  return child.run_file(helper.uv.cwd() .. '/examples/' .. name, { args = args, input = input })
end

describe('examples/', function()
  it('fan_out.lua', function()
    helper.run(function()
      assert.is_true(code_lines('fan_out.lua') <= 12)
      local bodies = {}
      local server = fault.serve(function(conn)
        local body = conn:request().body
        bodies[#bodies + 1] = body
        conn:send(fault.response { status = 202 })
      end)
      local input = { server.url, (fault.refused()), server.url .. '/other' }
      local result = run('fan_out.lua', { 'built' }, table.concat(input, '\n') .. '\n')
      assert.equal(0, result.code, result.err)
      assert.matches('^1\t202\n2\tCOULDNT_CONNECT: [^\n]*\n3\t202\n$', result.out)
      assert.equal(2, #bodies)
      assert.matches('^{%s*"event"%s*:%s*"built"%s*}$', bodies[1])
    end, child.DEADLINE)
  end)

  it('chat.lua', function()
    helper.run(function()
      assert.is_true(code_lines('chat.lua') <= 25)
      local asked
      local server = fault.serve(function(conn)
        asked = conn:request().body
        conn:send('HTTP/1.1 200 Fine\r\nContent-Type: text/event-stream\r\n\r\n')
        for _, word in ipairs { 'Hello', ' there' } do
          conn:send(('data: {"choices":[{"delta":{"content":"%s"}}]}\n\n'):format(word))
        end
        conn:send('data: [DONE]\n\n')
      end)
      local result = run('chat.lua', { server.url, 'Hi' })
      assert.same({ 'Hello there\n', '', 0 }, { result.out, result.err, result.code })
      assert.matches('"content"%s*:%s*"Hi"', asked)
    end, child.DEADLINE)
  end)
end)
