-- Whatever a script does wrong in a hook ends that transfer, in exactly one final callback with
-- ABORTED_BY_CALLBACK; in a final callback it is the host's to report (status 255, or Neovim's
-- message). Nothing crashes, and the next transfer works.

local curl = require 'luvcurl'
local child = require 'spec.support.child'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local hooks = require 'spec.support.hooks'
local servers = require 'spec.support.servers'

local URL = servers.nginx.url

-- Source, since child processes commit them too.
local FAULTS = {
  { 'a string', "error('too bad')" },
  { 'a string with a NUL', "error('too\\0bad', 0)" },
  { 'a megabyte', "error(('x'):rep(2 ^ 20), 0)" },
  { 'a table', 'error({ 1 })' },
  { 'nil', 'error(nil)' },
  { 'a boolean', 'error(false)' },
  { 'userdata', 'error(io.stdout)' },
  { 'a function', 'error(print)' },
  { 'a coroutine', 'error(coroutine.create(print))' },
  { 'a table with a text', "error(setmetatable({}, { __tostring = function() return 'x' end }))" },
  { 'a table with a bad text',
    "error(setmetatable({}, { __tostring = function() error('again') end }))" },
  { 'a deep recursion', 'local function deeper() return 1 + deeper() end deeper()' },
  { 'an error of a coroutine', "coroutine.wrap(function() error({ 1 }) end)()" },
  { 'a yield', 'coroutine.yield()', yields = true },
}

-- Lua's own error for this, not one like it: its string functions raise others for what is too
-- long. More than LuaJIT can ever have; PUC Lua's processes may have no more than 64 MiB from here.
local LIMITED = not rawget(_G, 'jit')
local NO_MEMORY = LIMITED and [[
  local statm = assert(io.open '/proc/self/statm')
  local bytes = statm:read '*n' * 4096 + 2 ^ 26
  statm:close()
  local pid = require 'luv'.os_getpid()
  local done = os.execute(('prlimit --pid %d --as=%.0f:'):format(pid, bytes))
  assert(done == 0 or done == true)
  local s = 'x'
  while true do s = s .. s end
]] or "local s = ('xx'):rep(2147483647) return s"
if not (LIMITED and os.getenv('LUVCURL_ASAN')) then -- which ends a process without memory itself
  FAULTS[#FAULTS + 1] = { 'no memory', NO_MEMORY, says = 'not enough memory', lifts = LIMITED }
end

-- Returns a function that undoes the limit, by a process started before there is one: malloc may
-- keep what a string too long has left behind, and then there is no room to start one.
local function lifter()
  local process = assert(io.popen(
    ('read -r _ && exec prlimit --pid %d --as=unlimited:'):format(helper.uv.os_getpid()), 'w'))
  return function()
    assert(process:write('\n'))
    assert(process:close())
  end
end

local compile = loadstring or load -- luacheck: ignore 143

local done = 0

local function try(hook, style, one, place)
  local commit = assert(compile(one[2]))
  local finals, err = 0, nil
  hook.start {
    session = curl.session { timeout = 5000 }, url = URL, style = style, folder = place,
    refused = 'http://127.0.0.1:1/', inside = function() commit() end,
    final = function(e) finals, err = finals + 1, e end,
  }
  helper.wait_for(function() return finals > 0 end)
  assert(finals == 1 and err and err.name == 'ABORTED_BY_CALLBACK', tostring(err))
  assert(not one.says or err.message:find(one.says, 1, true), err.message)
  done = done + 1
end

describe('in', function()
  local expected = 0
  hooks.each(function(hook, style)
    if hook.fails then
      it(('%s (%s), what goes wrong ends the transfer'):format(hook.name, style), function()
        local place = folder.new().path
        for _, one in ipairs(FAULTS) do
          if not (one.yields and hook.yields) then -- a body function may yield
            local lift = one.lifts and lifter()
            local ok, problem = pcall(try, hook, style, one, place)
            if lift then
              lift()
            end
            assert(ok, ('%s: %s'):format(one[1], tostring(problem)))
          end
        end
      end)
      expected = expected + #FAULTS - (hook.yields and 1 or 0)
    end
  end)

  it(('hooks: %d faults'):format(expected), function() assert.equal(expected, done) end)
end)

local SCRIPT = [[
local uv = package.loaded.luv or package.loaded.uv or vim and vim.loop or require 'luv'
local curl = require 'luvcurl'
local hooks = require 'spec.support.hooks'
local hook = hooks.named(arg[1])
hook.start {
  session = curl.session { timeout = 2000 }, url = arg[3], style = arg[2], folder = arg[5],
  refused = arg[4], new_multi = curl.Multi.new and function(s) return curl.Multi:new(s) end,
  inside = assert((loadstring or load)(arg[6])), final = function() end,
}
if vim then
  vim.wait(250, function() end, 5)
  io.stderr:write('went on\n')
elseif not package.loaded.uv or package.loaded.luv then
  uv.run()
end
]]

-- Where the error is the host's: not in what waits in the main chunk, nor where a pcall takes it.
local function is_hosts(hook, style)
  return not hook.fails and style ~= 'chunk' and not hook.name:find 'stream.s ' and
    not hook.name:find 'asked for again'
end

describe('at the end,', function()
  hooks.each(function(hook, style)
    if is_hosts(hook, style) then
      it(('%s (%s), what goes wrong is the host\'s'):format(hook.name, style), function()
        local refused, place = fault.refused(), folder.new().path
        local left, results = 0, {}
        for _, one in ipairs(FAULTS) do
          if not (one.yields and style == 'coroutine' or one.yields and hook.name:find 'there') then
            left = left + 1
            coroutine.wrap(function()
              results[one[1]] = child.run(SCRIPT, { args = { hook.name, style, URL, refused, place,
                one[2] } })
              left = left - 1
            end)()
          end
        end
        helper.wait_for(function() return left == 0 end, 40000)
        for name, result in pairs(results) do
          local where = name .. ': ' .. result.err:sub(1, 2000)
          assert.same({ helper.nvim and 0 or 255, 0 }, { result.code, result.signal }, where)
          assert.is_false(result.late, where)
          assert.is_true(#result.err > 0, where)
          if name == 'no memory' then
            assert.matches('not enough memory', result.err)
          end
        end
      end)
    end
  end)
end)
