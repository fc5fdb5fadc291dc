-- Runs the specs in the hosts asked for, against real servers started once.
--
--   luajit spec/run.lua [--build DIR] [--host NAME[,NAME…]|all] [--asan] [--valgrind]
--                       [--gc aggressive|step] [--filter PATTERN] [--timeout SECONDS] [--verbose]
--                       [FILE|DIRECTORY…]
--
-- Hosts: luajit (the default), nvim, luvi, lua5.1, lua5.3, lua5.4. What is asked for and missing is
-- an error. The last line is always "N passed, N failed", summed over the hosts.

local ROOT = arg[0]:match('^(.*)/spec/[^/]*$') or '.'
package.path = ROOT .. '/?.lua;' .. package.path

local uv = require 'luv'
local process = require 'spec.support.process'
local hosts = require 'spec.support.hosts'

local function usage(message)
  io.stderr:write('spec/run.lua: ', message, '\n')
  os.exit(2)
end

local WITH_VALUE = { build = true, host = true, gc = true, filter = true, timeout = true }
local FLAGS = { asan = true, valgrind = true, verbose = true }
local COLLECTORS = { aggressive = true, step = true }

local function parse(argv)
  local options, paths = {}, {}
  local i = 1
  while i <= #argv do
    local name, value = argv[i]:match('^%-%-([%w_]+)=?(.*)$')
    if not name then
      paths[#paths + 1] = argv[i]
    elseif FLAGS[name] then
      options[name] = true
    elseif WITH_VALUE[name] then
      if value == '' then
        i = i + 1
        value = argv[i] or usage('--' .. name .. ' needs a value')
      end
      options[name] = value
    else
      usage('unknown option --' .. name)
    end
    i = i + 1
  end
  options.root = assert(uv.fs_realpath(ROOT))
  options.build = options.build or ROOT .. '/build/' .. (options.asan and 'asan' or 'dev')
  options.build = uv.fs_realpath(options.build) or options.build
  options.hosts = options.host == 'all' and hosts.ALL or { options.host or 'luajit' }
  if options.host and options.host:find(',') then
    options.hosts = {}
    for name in options.host:gmatch('[^,]+') do
      options.hosts[#options.hosts + 1] = name
    end
  end
  options.timeout = tonumber(options.timeout or 300) or usage('--timeout needs seconds')
  if options.gc and not COLLECTORS[options.gc] then
    usage('--gc knows only: aggressive, step')
  end
  return options, paths
end

local function collect_specs(path, found)
  local stat = uv.fs_stat(path) or usage('no such file: ' .. path)
  if stat.type ~= 'directory' then
    found[#found + 1] = path
    return
  end
  local scan = assert(uv.fs_scandir(path))
  for name, kind in function() return uv.fs_scandir_next(scan) end do
    if kind == 'directory' then
      collect_specs(path .. '/' .. name, found)
    elseif name:match('_spec%.lua$') then
      found[#found + 1] = path .. '/' .. name
    end
  end
end

local function specs(paths)
  local found = {}
  for _, path in ipairs(#paths > 0 and paths or { ROOT .. '/spec' }) do
    collect_specs(path, found)
  end
  for i, path in ipairs(found) do
    found[i] = assert(uv.fs_realpath(path))
  end
  table.sort(found)
  return found
end

-- The environment, with the run's folder for what is temporary: whatever a host, a server or a spec
-- makes goes with it.
local function environment(dir)
  local list = { 'TMPDIR=' .. dir }
  for name, value in pairs(uv.os_environ()) do
    if name ~= 'TMPDIR' then
      list[#list + 1] = name .. '=' .. value
    end
  end
  return list
end

-- Starts the supervisor; its input is a pipe from us, so that it ends, and removes the folder, when
-- we do, and also when we are killed.
local function start_servers(dir)
  local co = coroutine.running()
  local input, output = uv.new_pipe(false), uv.new_pipe(false)
  local servers = { text = '' }
  local waiting = true
  local function wake(path)
    if waiting then
      waiting = false
      assert(coroutine.resume(co, path))
    end
  end
  local handle, problem = uv.spawn('luajit', {
    args = { ROOT .. '/spec/support/supervisor.lua', dir },
    env = environment(dir),
    stdio = { input, output, 2 },
  }, function()
    servers.exited = true
    wake(nil)
    if servers.on_exit then
      servers.on_exit()
    end
  end)
  if not handle then
    return nil, problem
  end
  output:read_start(function(_, data)
    servers.text = servers.text .. (data or '')
    local path = servers.text:match('ready ([^\n]+)\n')
    if path then
      wake(path)
    end
  end)
  function servers.stop()
    input:close()
    if not servers.exited then
      servers.on_exit = function() assert(coroutine.resume(co)) end
      coroutine.yield()
    end
  end
  servers.path = coroutine.yield()
  return servers.path and servers, 'the servers did not start'
end

-- What an interrupt has to end and remove.
local running, run_dir

local function run_host(name, options, context)
  local co = coroutine.running()
  local command = hosts.command(name, options, context)
  print(('== %s'):format(name))
  io.stdout:flush()
  local timer = uv.new_timer()
  local timed_out = false
  local handle, problem = uv.spawn('setpriv', {
    -- So that a host that hangs does not outlive us when we are killed.
    args = { '--pdeathsig', 'KILL', '--', command.program, unpack(command.args) },
    env = command.env,
    cwd = options.root,
    stdio = { nil, 1, 2 },
  }, function(code, signal)
    running = nil
    timer:close()
    assert(coroutine.resume(co, code, signal))
  end)
  if not handle then
    timer:close()
    return 0, 1, ('cannot start %s: %s'):format(command.program, problem)
  end
  running = handle
  timer:start(options.timeout * 1000, 0, function()
    timed_out = true
    handle:kill('sigkill')
  end)
  local code, signal = coroutine.yield()
  handle:close()
  local result = hosts.read_result(context.result)
  local trouble
  if timed_out then
    trouble = ('killed after %d s'):format(options.timeout)
  elseif signal ~= 0 then
    trouble = 'ended by signal ' .. signal
  elseif not result.done or (code ~= 0 and result.failed == 0) then
    trouble = 'ended with exit code ' .. code
  end
  if trouble then
    result.failed = result.failed + 1
    trouble = trouble .. (result.running and ' in: ' .. result.running or '')
  end
  return result.passed, result.failed, trouble
end

local function main()
  local options, paths = parse(arg)
  local files = specs(paths)
  if #files == 0 then
    usage('no specs found')
  end
  local dir = process.temp_dir('run')
  run_dir = dir
  local passed, failed = 0, 0
  local servers, problem = start_servers(dir)
  if servers then
    for _, name in ipairs(options.hosts) do
      local context = { specs = files, servers = servers.path, dir = dir,
        result = ('%s/%s.result'):format(dir, name) }
      local ok, host_passed, host_failed, trouble = pcall(run_host, name, options, context)
      if not ok then
        host_passed, host_failed, trouble = 0, 1, host_passed
      end
      passed, failed = passed + host_passed, failed + host_failed
      if trouble then
        print(('FAIL %s %s'):format(name, trouble))
      end
      print(('   %s: %d passed, %d failed'):format(name, host_passed, host_failed))
    end
    servers.stop()
  else
    failed = 1
    print('FAIL ' .. problem)
  end
  process.remove_tree(dir)
  print(('%d passed, %d failed'):format(passed, failed))
  os.exit(failed == 0 and passed > 0 and 0 or 1)
end

for _, name in ipairs { 'sigint', 'sigterm' } do
  local signal = uv.new_signal()
  signal:start(name, function()
    if running then
      running:kill('sigkill')
    end
    if run_dir then
      process.remove_tree(run_dir)
    end
    print('interrupted')
    os.exit(1)
  end)
  signal:unref()
end
coroutine.wrap(main)()
uv.run()
