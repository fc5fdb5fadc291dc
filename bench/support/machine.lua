-- What was measured with, and on.

local uv = require 'luv'

local machine = {}

local function output(command)
  local pipe = assert(io.popen(command .. ' 2>/dev/null'))
  local text = pipe:read '*l'
  pipe:close()
  return text
end

--- The libraries whose versions decide how many instructions a request takes.
---@return string
function machine.versions()
  local curl = (output 'curl -V' or ''):match 'libcurl/[%w.-]+' or 'libcurl ?'
  local libc = (output 'getconf GNU_LIBC_VERSION' or 'libc ?'):gsub(' ', '/')
  local luajit = (output 'luajit -v' or 'LuaJIT ?'):match '^LuaJIT [%w.-]+' or 'LuaJIT ?'
  return ('%s, libuv/%s, %s, %s, %s'):format(curl, uv.version_string(), libc,
    luajit:gsub(' ', '/'), uv.os_uname().machine)
end

---@return { date: string, cpu: string, cores: integer, kernel: string, versions: string }
function machine.facts()
  local cpus, name = uv.cpu_info(), uv.os_uname()
  return {
    date = os.date '!%Y-%m-%d %H:%M UTC', cpu = cpus[1].model, cores = #cpus,
    memory_gb = math.floor(uv.get_total_memory() / 2 ^ 30 + 0.5),
    kernel = name.sysname .. ' ' .. name.release, versions = machine.versions(),
    nginx = (output '(nginx -v) 2>&1' or ''):match 'nginx/[%d.]+',
  }
end

return machine
