-- Runs a script in a process of its own, by the host that runs the specs.

local helper = require 'spec.support.helper'
local process = require 'spec.support.process'

local uv = helper.uv
local script = {}

local function command(path)
  if helper.host == 'nvim' then
    return 'nvim', { '--headless', '-u', 'NONE', '-i', 'NONE', '-n', '-c', 'luafile ' .. path,
      '-c', 'qa!' }
  elseif helper.host == 'luvi' then
    return os.getenv('LUVCURL_BUILD') .. '/luvi_like', { path }
  end
  return helper.host, { path }
end

local function environment(extra)
  local list = {}
  for name, value in pairs(extra or {}) do
    list[#list + 1] = name .. '=' .. value
  end
  for name, value in pairs(uv.os_environ()) do
    list[#list + 1] = name .. '=' .. value
  end
  local preload = os.getenv('LUVCURL_PRELOAD')
  list[#list + 1] = preload and 'LD_PRELOAD=' .. preload or nil
  return list
end

-- Calls on_end(text) with all that comes out of the pipe.
local function collect(pipe, on_end)
  local parts = {}
  pipe:read_start(function(_, data)
    if data then
      parts[#parts + 1] = data
    else
      pipe:close()
      on_end(table.concat(parts))
    end
  end)
end

--- Runs Lua source and yields until the process has ended.
---@param source string
---@param variables table<string, string>|nil what its environment has beyond ours
---@return { code: integer, signal: integer, out: string, err: string }
function script.run(source, variables)
  local dir = process.temp_dir('script')
  helper.defer(function() process.remove_tree(dir) end)
  local program, args = command(process.write_file(dir .. '/script.lua', source))
  local out, err = uv.new_pipe(false), uv.new_pipe(false)
  local result, left = {}, 3
  return helper.await(function(done)
    local function ended()
      left = left - 1
      if left == 0 then
        done(result)
      end
    end
    local handle
    handle = assert(uv.spawn(program, {
      args = args, env = environment(variables), stdio = { nil, out, err },
    }, function(code, signal)
      result.code, result.signal = code, signal
      handle:close()
      ended()
    end))
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

return script
