-- Starts every server and keeps them running until its standard input ends or it gets SIGTERM or
-- SIGINT; then ends them and removes their directories, and FOLDER if one is named. Run it with
-- luajit:
--
--     luajit spec/support/supervisor.lua [FOLDER]   prints "ready FILE": set LUVCURL_SERVERS to it
--
-- The runner holds the other end of the input, so that neither servers nor its folder outlive it.

package.path = (arg[0]:match('^(.*)/spec/support/[^/]*$') or '.') .. '/?.lua;' .. package.path

local uv = require 'luv'
local process = require 'spec.support.process'

local dir = process.temp_dir('servers')
local children = {}
local stopping = false

local function quoted(value)
  if type(value) == 'table' then
    local lines = {}
    for key, item in pairs(value) do
      lines[#lines + 1] = ('[%q] = %s,'):format(key, quoted(item))
    end
    table.sort(lines)
    return '{\n' .. table.concat(lines, '\n') .. '\n}'
  end
  return type(value) == 'string' and ('%q'):format(value) or tostring(value)
end

local function finish(code)
  if stopping then
    return
  end
  stopping = true
  coroutine.wrap(function()
    process.stop(children)
    process.remove_tree(dir)
    if arg[1] then
      process.sleep(100) -- what the kernel ends with the runner may be writing still
      process.remove_tree(arg[1])
    end
    os.exit(code)
  end)()
end

local function fail(message)
  io.stderr:write('servers: ', tostring(message), '\n')
  finish(1)
end

local function subdir(name)
  local path = dir .. '/' .. name
  assert(uv.fs_mkdir(path, 448))
  return path
end

-- Runs the jobs side by side and returns when all have ended.
local function together(jobs)
  local co, left = coroutine.running(), 0
  for _ in pairs(jobs) do
    left = left + 1
  end
  for _, job in pairs(jobs) do
    local step = coroutine.create(function()
      local ok, problem = pcall(job)
      if not ok then
        fail(problem)
      end
      left = left - 1
      if left == 0 and coroutine.status(co) == 'suspended' then
        assert(coroutine.resume(co))
      end
    end)
    assert(coroutine.resume(step))
  end
  if left > 0 then
    coroutine.yield()
  end
end

local function keep(list)
  for _, child in ipairs(list) do
    children[#children + 1] = child
  end
end

local function start_all()
  local facts = { dir = dir }
  local web = subdir 'nginx'
  assert(uv.fs_mkdir(web .. '/htdocs', 448))
  require 'spec.support.files'.make(web .. '/htdocs')
  facts.certs = require 'spec.support.certs'.make(subdir 'certs')
  local function start(name, ...)
    local started, about = require('spec.support.' .. name).start(subdir(name .. '.d'), ...)
    keep(started.pid and { started } or started)
    return about
  end
  together {
    function()
      facts.httpbin = start('httpbin')
      local child
      child, facts.nginx = require 'spec.support.nginx'.start(web, facts.certs,
        { httpbin_url = facts.httpbin.url })
      keep { child }
    end,
    function() facts.nghttpd = start('nghttpd', facts.certs, web .. '/htdocs') end,
    function() facts.proxy = start('proxies', facts.certs) end,
    function() facts.ftp = start('ftp') end,
  }
  return facts
end

local function watch_parent()
  -- Not a pipe when started by hand from a script with input from a file or /dev/null: then only
  -- signals end it.
  local kind = uv.guess_handle(0)
  local input = kind == 'pipe' and uv.new_pipe(false) or kind == 'tty' and uv.new_tty(0, true)
  if not input then
    return
  end
  if kind == 'pipe' then
    input:open(0)
  end
  input:read_start(function(_, data)
    if not data then
      finish(0)
    end
  end)
end

for _, name in ipairs { 'sigterm', 'sigint', 'sighup' } do
  uv.new_signal():start(name, function() finish(0) end)
end
watch_parent()
coroutine.wrap(function()
  local ok, facts = pcall(start_all)
  if not ok then
    fail(facts)
  elseif not stopping then
    local path = process.write_file(dir .. '/servers.lua', 'return ' .. quoted(facts) .. '\n')
    io.stdout:write('ready ', path, '\n')
    io.stdout:flush()
  end
end)()
uv.run()
