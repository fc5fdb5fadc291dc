-- What luvit does around a script: the script runs in a coroutine, then the loop runs, and whatever
-- is still on the loop at the end is walked and closed. Receives the command line, gives back the
-- exit status.

local uv = require 'uv'

local arguments = ...
arg = arguments

local function ignore_sigpipe()
  local signal = uv.new_signal()
  signal:start('sigpipe')
  signal:unref()
end

local function run_script()
  local script, message = loadfile(arguments[0])
  if not script then error(message, 0) end
  local thread = coroutine.create(script)
  local ok, err = coroutine.resume(thread, unpack(arguments))
  if not ok then error(debug.traceback(thread, tostring(err)), 0) end
  uv.run()
end

local function close_everything()
  uv.walk(function(handle)
    local function close()
      if not handle:is_closing() then handle:close() end
    end
    if handle.shutdown then handle:shutdown(close) else close() end
  end)
  uv.run()
end

ignore_sigpipe()
local ok, err = xpcall(run_script, tostring)
if not ok then io.stderr:write('Uncaught exception:\n', err, '\n') end
close_everything()
return ok and 0 or -1
