-- Processes, ports and temporary directories for the supervisor and the runner. Everything that
-- waits yields, so each caller runs in a coroutine on the luv loop.

local uv = require 'luv'

local process = {}

local READY_MS = 20000
local ATTEMPTS = 5

--- Waits without blocking the loop.
---@param ms integer milliseconds
function process.sleep(ms)
  local co = coroutine.running()
  local timer = uv.new_timer()
  timer:start(ms, 0, function()
    timer:close()
    assert(coroutine.resume(co))
  end)
  coroutine.yield()
end

local given = {}

--- Ports of the loopback that nothing listens on now. None is given out twice, so that servers
--- started side by side do not race for one.
---@param count integer
---@return integer ... ports
function process.free_ports(count)
  local unpack = table.unpack or unpack
  local ports, held = {}, {}
  while #ports < count do
    local tcp = uv.new_tcp()
    assert(tcp:bind('127.0.0.1', 0))
    local port = tcp:getsockname().port
    held[#held + 1] = tcp
    if not given[port] then
      given[port] = true
      ports[#ports + 1] = port
    end
  end
  for _, tcp in ipairs(held) do
    tcp:close()
  end
  return unpack(ports)
end

--- A fresh directory only this user can enter.
---@param name string a word that tells what it is for
---@return string path
function process.temp_dir(name)
  local base = os.getenv('TMPDIR') or '/tmp'
  return assert(uv.fs_mkdtemp(('%s/luvcurl-%s-XXXXXX'):format(base, name)))
end

--- Removes a directory and everything below it.
---@param path string
function process.remove_tree(path)
  local scan = uv.fs_scandir(path)
  if scan then
    for name, kind in function() return uv.fs_scandir_next(scan) end do
      local child = path .. '/' .. name
      if kind == 'directory' then
        process.remove_tree(child)
      else
        uv.fs_unlink(child)
      end
    end
  end
  uv.fs_rmdir(path)
end

---@param path string
---@param text string
---@return string path
function process.write_file(path, text)
  local file = assert(io.open(path, 'wb'))
  assert(file:write(text))
  assert(file:close())
  return path
end

---@param path string
---@return string text empty when the file cannot be read
function process.read_file(path)
  local file = io.open(path, 'rb')
  local text = file and file:read('*a') or ''
  if file then
    file:close()
  end
  return text
end

--- Full path of a program or file, or an error that names the Debian package to install.
---@param name string a program to look for, or an absolute path that only has to be there
---@param package string Debian package
---@return string path
function process.find(name, package)
  if name:match('^/') then
    if uv.fs_access(name, 'R') then
      return name
    end
  else
    for dir in ((os.getenv('PATH') or '') .. ':/usr/sbin:/sbin:'):gmatch('([^:]+):') do
      if uv.fs_access(dir .. '/' .. name, 'X') then
        return dir .. '/' .. name
      end
    end
  end
  error(("%s is missing: install Debian's package '%s'"):format(name, package), 0)
end

--- What to run so that another program starts this one.
---@param by string[] that program and its arguments
---@param program string
---@param args string[]
---@return string program
---@return string[] args
function process.started_by(by, program, args)
  local words = { (table.unpack or unpack)(by, 2) }
  words[#words + 1] = program
  for _, arg in ipairs(args) do
    words[#words + 1] = arg
  end
  return by[1], words
end

local function accepts(port)
  local co = coroutine.running()
  local tcp = uv.new_tcp()
  tcp:connect('127.0.0.1', port, function(err)
    tcp:close(function()
      assert(coroutine.resume(co, err == nil))
    end)
  end)
  return coroutine.yield()
end

local function wait_ready(child, ports)
  local deadline = uv.hrtime() + READY_MS * 1e6
  for _, port in ipairs(ports) do
    repeat
      if child.exited then
        return false, child.name .. ' ended before it was ready'
      end
      if uv.hrtime() > deadline then
        return false, ('%s does not listen on port %d'):format(child.name, port)
      end
      local ready = accepts(port)
      if not ready then
        process.sleep(20)
      end
    until ready
  end
  -- A stranger may have taken the port while the child was failing to bind it. Some servers then
  -- try again for a while, so look at what they say too.
  process.sleep(50)
  local in_use = process.read_file(child.log):lower():find('address already in use', 1, true)
  return not child.exited and not in_use, child.name .. ' could not listen on its port'
end

---@class Child
---@field name string
---@field pid integer
---@field log string what it prints
---@field exited boolean
---@field stop_signal string

local function spawn(spec)
  uv.fs_unlink(spec.log)
  local log = assert(uv.fs_open(spec.log, 'a', 384))
  -- The kernel ends the child when the supervisor dies without having a chance to.
  local args = { '--pdeathsig', 'TERM', '--', spec.command }
  for _, arg in ipairs(spec.args) do
    args[#args + 1] = tostring(arg)
  end
  local child = { name = spec.name, log = spec.log, exited = false,
    stop_signal = spec.stop_signal or 'sigterm' }
  local handle, pid = uv.spawn('setpriv', {
    args = args,
    cwd = spec.cwd,
    env = spec.env,
    stdio = { nil, log, log },
  }, function()
    child.exited = true
    child.handle:close()
  end)
  uv.fs_close(log)
  if not handle then
    error(('cannot start %s: %s'):format(spec.name, pid), 0)
  end
  child.handle, child.pid = handle, pid
  return child
end

--- Starts one server and waits until all its ports accept. `prepare(ports...)` writes the
--- configuration and returns the specification { name, command, args, cwd, log, env, stop_signal };
--- it is asked again with other ports when the server did not come up.
---@param count integer how many ports the server listens on
---@param prepare fun(...: integer): table
---@return Child child
---@return table ports
function process.serve(count, prepare)
  local spec, problem
  for _ = 1, ATTEMPTS do
    local ports = { process.free_ports(count) }
    spec = prepare((table.unpack or unpack)(ports))
    local child = spawn(spec)
    local ready
    ready, problem = wait_ready(child, ports)
    if ready then
      return child, ports
    end
    process.stop({ child })
  end
  error(('%s\n%s'):format(problem, process.read_file(spec.log)), 0)
end

--- Ends children politely, then by force, and returns when all are gone.
---@param children Child[]
function process.stop(children)
  for _, child in ipairs(children) do
    if not child.exited then
      child.handle:kill(child.stop_signal)
    end
  end
  local function running()
    for _, child in ipairs(children) do
      if not child.exited then
        return child
      end
    end
  end
  local deadline = uv.hrtime() + 2e9
  while running() and uv.hrtime() < deadline do
    process.sleep(10)
  end
  while running() do
    running().handle:kill('sigkill')
    process.sleep(10)
  end
end

--- Runs a line of shell, its complaints unheard.
---@param command string
---@return boolean whether it did what it was asked
function process.shell(command)
  local status = os.execute(command .. ' 2>/dev/null')
  return status == true or status == 0
end

return process
