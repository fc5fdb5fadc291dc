-- Task libraries of Neovim, which resume coroutines their way.

local helper = require 'spec.support.helper'

if not helper.nvim then
  return
end

local child = require 'spec.support.child'
local servers = require 'spec.support.servers'

-- The smallest that resumes as plenary.async's `execute` does.
local PLENARY = [[
  package.loaded['plenary.async'] = {}
  local function run(body)
    local co = coroutine.create(body)
    local function step(...)
      local ok, func, argc = coroutine.resume(co, ...)
      assert(ok, func)
      if coroutine.status(co) ~= 'dead' then
        assert(type(func) == 'function', 'type error :: expected func')
        assert(argc == 1)
        func(step)
      end
    end
    step()
  end
]]

-- The smallest that resumes as nvim-nio's tasks do.
local NIO = [=[
  local tasks = {}
  package.loaded['nio.tasks'] = {
    current_task = function() return tasks[coroutine.running()] end,
  }
  local function run(body)
    local co = coroutine.create(body)
    tasks[co] = {}
    local function step(...)
      local yielded = { coroutine.resume(co, ...) }
      assert(yielded[1], yielded[2])
      if coroutine.status(co) ~= 'dead' then
        assert(type(yielded[3]) == 'function', 'expected function, got ' .. type(yielded[3]))
        local args = {}
        args[yielded[2]] = step
        yielded[3](unpack(args, 1, yielded[2]))
      end
    end
    step()
  end
]=]

local BODY = [[
  local curl = require 'luvcurl'
  local bodies = {}
  run(function()
    for i = 1, 2 do
      bodies[i] = assert(curl.get(arg[1])).body
    end
  end)
  -- Beside it, a coroutine of nobody's.
  coroutine.wrap(function()
    assert(curl.get(arg[1]))
    bodies[3] = assert(curl.get(arg[1])).body
  end)()
  vim.wait(10000, function() return bodies[2] and bodies[3] end, 10)
  io.stdout:write(table.concat(bodies, '|') .. '|')
]]

local DYING = [[
  local curl = require 'luvcurl'
  local told
  run(function()
    assert(curl.get(arg[1]))
    told = true
    error('boom')
  end)
  vim.wait(10000, function() return told end, 10)
]]

describe('a waiting call in Neovim', function()
  for name, library in pairs { ['plenary.async'] = PLENARY, ['nvim-nio'] = NIO } do
    it('works in a task of ' .. name, function()
      local result
      helper.run(function()
        result = child.run(library .. BODY, { args = { servers.nginx.url .. '/small' } })
      end, child.DEADLINE)
      assert.same({ 0, ('hello world\n|'):rep(3) }, { result.code, result.out },
        result.err)
    end)

    it('may be followed by an error, told with one traceback, in a task of ' .. name, function()
      local result
      helper.run(function()
        result = child.run(library .. DYING, { args = { servers.nginx.url .. '/small' } })
      end, child.DEADLINE)
      local count = select(2, result.err:gsub('stack traceback:', ''))
      assert.equal(1, count, result.err)
      assert.matches('script%.lua:%d+: boom.*stack traceback:.*script%.lua:%d+: in', result.err)
    end)
  end
end)
