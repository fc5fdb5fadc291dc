-- httpbin under gunicorn: verbs, digest auth, echoes of headers, forms and uploads, encodings.

local process = require 'spec.support.process'

local httpbin = {}

--- Starts it.
---@param dir string a fresh directory
---@return Child child
---@return table facts what servers.httpbin holds
function httpbin.start(dir)
  -- Debian's own interpreter: another one on the PATH does not see Debian's packages.
  local python = process.find('/usr/bin/python3', 'python3')
  local modules = '/usr/lib/python3/dist-packages/'
  for module, package in pairs { httpbin = 'python3-httpbin', gunicorn = 'python3-gunicorn' } do
    process.find(modules .. module, package)
  end
  local log = dir .. '/httpbin.log'
  local child, ports = process.serve(1, function(port)
    return {
      name = 'httpbin',
      command = python,
      args = { '-m', 'gunicorn', '--bind', '127.0.0.1:' .. port, '--worker-class', 'gthread',
        '--threads', 32, '--keep-alive', 75, '--timeout', 0,
        '--worker-tmp-dir', dir, '--access-logfile', dir .. '/access.log', 'httpbin:app' },
      cwd = dir,
      log = log,
      stop_signal = 'sigquit',
    }
  end)
  return child, {
    url = 'http://127.0.0.1:' .. ports[1], port = ports[1], pid = child.pid,
    log = dir .. '/access.log',
  }
end

return httpbin
