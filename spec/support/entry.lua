-- Runs the specs in whatever host executes this file. The runner passes everything in the
-- environment, because Neovim has no script arguments:
--     LUVCURL_SPECS    files, a line each         LUVCURL_RESULT  where to write the results
--     LUVCURL_FILTER   Lua pattern of test names  LUVCURL_GC      'aggressive', 'step'
--     LUVCURL_HOST     the host's name            LUVCURL_SERVERS see servers.lua
--     LUVCURL_BUILD    where the module is        LUVCURL_PRELOAD the sanitizer's library, if any

local host = require 'spec.support.host'
-- Everywhere the same module under the same name; Neovim and luvi do not register it.
package.loaded.luv = package.loaded.luv or host.uv

-- Preloaded sanitizers are for this process, not for the programs that specs start. One that runs a
-- script with luvcurl sets LD_PRELOAD to LUVCURL_PRELOAD again.
host.uv.os_unsetenv('LD_PRELOAD')

local helper = require 'spec.support.helper'
local reporter = require 'spec.support.reporter'

local function each_line(text)
  return (text or ''):gmatch('[^\n]+')
end

local function make_busted()
  local busted = require 'busted.core'()
  require 'busted'(busted)
  -- One luv and one luvcurl for all files: a C module must not be opened anew for each of them.
  busted.register('file', 'file', {})
  return busted
end

local function guard_every_test(busted, at_start)
  busted.subscribe({ 'test', 'start' }, function(element)
    at_start()
    if element.run and not element.guarded then
      element.run, element.guarded = helper.guard(element.run), true
    end
    return nil, true
  end, { priority = 1 })
end

local function filter_tests(busted, pattern)
  if not pattern or pattern == '' then
    return
  end
  -- A test that does not match never gets registered.
  busted.subscribe({ 'register', 'it' }, function(name)
    local names, context = { name }, busted.context.get()
    while context and context.descriptor ~= 'file' do
      table.insert(names, 1, context.name or nil)
      context = busted.context.parent(context)
    end
    return nil, table.concat(names, ' '):find(pattern) ~= nil
  end, { priority = 1 })
end

local function load_files(busted)
  local loader = require 'busted.modules.test_file_loader'(busted, { 'lua' })
  local files = {}
  for file in each_line(os.getenv('LUVCURL_SPECS')) do
    files[#files + 1] = file
  end
  loader(files, { '_spec' }, { excludes = {}, recursive = true })
end

-- One collection follows the other, in steps small enough that any allocation may be the one where
-- something is taken away. (A pause of 0 would collect everything at every allocation: too slow.)
local function collect_aggressively()
  if _VERSION == 'Lua 5.4' then
    collectgarbage('incremental', 100, 1000, 10)
  else
    collectgarbage('setpause', 100)
    collectgarbage('setstepmul', 5000)
  end
end

local function run()
  local at_start, step = function() end, nil
  if os.getenv('LUVCURL_GC') == 'aggressive' then
    collect_aggressively()
  elseif os.getenv('LUVCURL_GC') == 'step' then
    step = require 'spec.support.step'
    at_start = step.begin
  end
  local busted = make_busted()
  local result = reporter.attach(busted, assert(os.getenv('LUVCURL_RESULT'), 'no result file'))
  guard_every_test(busted, at_start)
  filter_tests(busted, os.getenv('LUVCURL_FILTER'))
  load_files(busted)
  require 'busted.execute'(busted)(1, {})
  busted.publish { 'exit' }
  if step then
    print(('   %d steps of the collector'):format(step.count))
  end
  io.stdout:flush()
  result.finish()
  return result.failed == 0
end

local function leave(ok)
  if host.nvim then
    vim.cmd(ok and 'qa!' or 'cquit 1') -- luacheck: ignore
    return
  end
  -- COMPAT: luv 1.44.2 crashes in lua_close when a closed handle's callback never ran.
  host.uv.run('nowait')
  if not ok then
    os.exit(1)
  end
  -- When all is well the script ends by its end, so that the host's own way out is taken too.
end

local ran, outcome = xpcall(run, debug.traceback)
if not ran then
  io.stderr:write('the specs could not be run: ', tostring(outcome), '\n')
end
leave(ran and outcome)
