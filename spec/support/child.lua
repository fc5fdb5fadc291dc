-- Lua scripts in processes of their own, run by the host that runs the specs:
--
--     local result = child.run([[ print(arg[1]) ]], { args = { 'hello' } })
--     assert.same({ 0, 0, 'hello\n' }, { result.code, result.signal, result.out })
--
-- luvcurl and the spec's own modules are on the search paths. Yields, so it belongs in helper.run.

local helper = require 'spec.support.helper'
local process = require 'spec.support.process'

local uv = helper.uv
local child = {}

--- Milliseconds after which a child is killed, unless the caller says otherwise.
child.DEADLINE = 60000

-- The words of a program that starts our host, when we run under one ourselves: valgrind's.
local STARTER = {}
for word in (os.getenv('LUVCURL_VALGRIND') or ''):gmatch('%S+') do
  STARTER[#STARTER + 1] = word
end

-- Neovim takes no script arguments: they are set as the script's `arg`.
local function nvim_arguments(path, args)
  local list = { '--headless', '-u', 'NONE', '-i', 'NONE', '-n' }
  local quoted = {}
  for i, value in ipairs(args) do
    quoted[i] = ('%q'):format(value)
  end
  list[#list + 1] = '--cmd'
  list[#list + 1] = ('lua arg = { [0] = %q, %s }'):format(path, table.concat(quoted, ', '))
  for _, command in ipairs { 'luafile ' .. path, 'qa!' } do
    list[#list + 1] = '-c'
    list[#list + 1] = command
  end
  return list
end

local function command(path, args, host)
  local program = host or helper.host
  if program == 'nvim' then
    return 'nvim', nvim_arguments(path, args)
  end
  if program == 'luvi' then
    program = os.getenv('LUVCURL_BUILD') .. '/luvi_like'
  end
  return program, { path, (table.unpack or unpack)(args) }
end

--- The environment of a process that loads luvcurl: our own, with a sanitizer's library first among
--- the preloaded ones.
---@param options { env: table<string, string>|nil, preload: string|nil }
---@return string[]
function child.environment(options)
  local set = {}
  for name, value in pairs(uv.os_environ()) do
    set[name] = value
  end
  for name, value in pairs(options.env or {}) do
    set[name] = value
  end
  local preloads = {}
  preloads[#preloads + 1] = os.getenv('LUVCURL_PRELOAD')
  preloads[#preloads + 1] = options.preload
  set.LD_PRELOAD = #preloads > 0 and table.concat(preloads, ':') or nil
  local list = {}
  for name, value in pairs(set) do
    list[#list + 1] = name .. '=' .. value
  end
  return list
end

local function collect(pipe, on_end)
  local parts = {}
  pipe:read_start(function(_, data)
    if data then
      parts[#parts + 1] = data
      return
    end
    pipe:close()
    on_end(table.concat(parts))
  end)
end

---@class ChildResult
---@field code integer exit status
---@field signal integer that ended it, or 0
---@field out string what it wrote to stdout
---@field err string what it wrote to stderr
---@field ms number how long it ran
---@field late boolean whether it had to be killed

---@class ChildOptions
---@field args string[]|nil the script's arguments
---@field host string|nil another host than ours
---@field env table<string, string>|nil on top of ours
---@field preload string|nil a library to preload
---@field ms integer|nil milliseconds it may take, child.DEADLINE by default
---@field cwd string|nil where it runs
---@field input string|nil what it finds on stdin
---@field wrap string[]|nil a program, with its arguments, that is to start the host

--- Runs a file and yields until the process has ended.
---@param path string
---@param options ChildOptions|nil
---@return ChildResult
function child.run_file(path, options)
  options = options or {}
  local program, args = command(path, options.args or {}, options.host)
  if #STARTER > 0 and not options.host then
    program, args = process.started_by(STARTER, program, args)
  end
  if options.wrap then
    program, args = process.started_by(options.wrap, program, args)
  end
  local input, out, err = uv.new_pipe(false), uv.new_pipe(false), uv.new_pipe(false)
  local result, left, began = { late = false }, 3, uv.hrtime()
  return helper.await(function(done)
    local function ended()
      left = left - 1
      if left == 0 then
        done(result)
      end
    end
    local timer, handle = uv.new_timer(), nil
    handle = assert(uv.spawn(program, {
      args = args, env = child.environment(options), cwd = options.cwd, stdio = { input, out, err },
    }, function(code, signal)
      result.code, result.signal = code, signal
      result.ms = (uv.hrtime() - began) / 1e6
      handle:close()
      timer:close()
      ended()
    end))
    uv.update_time()
    timer:start((options.ms or child.DEADLINE) * helper.slower, 0, function()
      result.late = true
      handle:kill('sigkill')
    end)
    if options.input then
      input:write(options.input, function() input:close() end)
    else
      input:close() -- to write even nothing is a SIGPIPE when it has ended already
    end
    collect(out, function(text)
      result.out = text
      ended()
    end)
    collect(err, function(text)
      result.err = text
      ended()
    end)
  end)
end

--- Runs Lua source and yields until the process has ended.
---@param source string
---@param options ChildOptions|nil
---@return ChildResult
function child.run(source, options)
  local dir = process.temp_dir('child')
  helper.defer(function() process.remove_tree(dir) end)
  return child.run_file(process.write_file(dir .. '/script.lua', source), options)
end

return child
