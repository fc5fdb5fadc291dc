-- The server of the bench: nginx with one worker, and nothing that the specs' nginx does beside
-- answering. /burst sends the end of its answers a second after their beginning.

local uv = require 'luv'
local certs = require 'spec.support.certs'
local process = require 'spec.support.process'

local server = {}

server.GIGABYTE = 2 ^ 30

-- A connection is known by both its ports, and waits a minute after its end: runs that follow each
-- other use different ports of the server, so that thousands in flight never want for one.
local PLAIN_PORTS = 12

local MAIN = [[
daemon off;
worker_processes 1;
worker_rlimit_nofile $FILES;
$USER
pid nginx.pid;
error_log error.log warn;
events { worker_connections $CONNECTIONS; }
http {
  access_log off;
  client_body_temp_path tmp/body;
  proxy_temp_path tmp/proxy;
  fastcgi_temp_path tmp/fastcgi;
  uwsgi_temp_path tmp/uwsgi;
  scgi_temp_path tmp/scgi;
  default_type application/octet-stream;
  types { }
  root htdocs;
  sendfile on;
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  client_max_body_size 0;
  lingering_time 600s;
  open_file_cache max=100;
  server {
$LISTEN
    ssl_certificate $CERT;
    ssl_certificate_key $KEY;
    location = /12 { return 200 "hello world\n"; }
    location = /burst { limit_rate 150; return 200 "hello world\n"; }
    location = /sink { return 200 "hello world\n"; }
  }
}
]]

local function listeners(ports)
  local lines = {}
  for i, port in ipairs(ports) do
    local kind = i == #ports and ' ssl http2' or i == #ports - 1 and ' ssl' or ''
    lines[i] = ('    listen 127.0.0.1:%d%s backlog=16384;'):format(port, kind)
  end
  return table.concat(lines, '\n')
end

local function configuration(ports, pair)
  return (MAIN:gsub('%$(%u+)', {
    USER = uv.getuid() == 0 and 'user root;' or '',
    LISTEN = listeners(ports), CERT = pair.cert, KEY = pair.key,
    FILES = server.files, CONNECTIONS = server.files - 100,
  }))
end

--- How many files a process may open.
---@return integer
local function file_limit()
  local pipe = assert(io.popen 'ulimit -Hn')
  local limit = tonumber(pipe:read '*l') or 1048576
  pipe:close()
  return math.min(limit, 32768)
end

server.files = file_limit()

--- Where files of a gigabyte are: in memory where there is room, since no disk is to be measured.
---@return string
local function base_folder()
  local shared = '/dev/shm'
  if not os.getenv 'TMPDIR' and uv.fs_access(shared, 'W') then
    local stat = uv.fs_statfs and uv.fs_statfs(shared)
    if stat and stat.bavail * stat.bsize > 6 * server.GIGABYTE then
      return shared
    end
  end
  return os.getenv 'TMPDIR' or '/tmp'
end

-- The gigabyte is of random bytes: to Lua, chunks that are alike are one string, which costs no
-- memory to make again.
local function make_files(dir)
  process.write_file(dir .. '/htdocs/16k', ('x'):rep(16 * 1024))
  local block = 16 * 1024 * 1024
  local random = assert(io.open('/dev/urandom', 'rb'))
  local bytes = assert(random:read(block))
  random:close()
  local file = assert(io.open(dir .. '/htdocs/1g', 'wb'))
  for _ = 1, server.GIGABYTE / block do
    assert(file:write(bytes))
  end
  assert(file:close())
end

--- The command that keeps a program on some cores: nothing where there is but one.
---@param cores string  as taskset takes them
---@return string[]
function server.pinned(cores)
  if #uv.cpu_info() < 2 then
    return {}
  end
  return { process.find('taskset', 'util-linux'), '-c', cores }
end

---@class bench.Server
---@field dir string      a folder for the bench's files
---@field certs table     as spec/support/certs.lua makes them
---@field source string   a file of a gigabyte
---@field url fun(scheme: 'http'|'https'|'h2'): string  a base URL; other ports each time
---@field stop fun()      ends nginx and removes the folder

--- Starts nginx on the last core. In a coroutine on the loop.
---@return bench.Server
function server.start()
  local dir = assert(uv.fs_mkdtemp(base_folder() .. '/luvcurl-bench-XXXXXX'))
  for _, name in ipairs { 'htdocs', 'tmp', 'certs' } do
    assert(uv.fs_mkdir(dir .. '/' .. name, 448))
  end
  make_files(dir)
  local made = certs.make(dir .. '/certs')
  local command = server.pinned(tostring(#uv.cpu_info() - 1))
  command[#command + 1] = process.find('nginx', 'nginx')
  local child, ports = process.serve(PLAIN_PORTS + 2, function(...)
    process.write_file(dir .. '/nginx.conf', configuration({ ... }, made.server))
    local args = { (table.unpack or unpack)(command, 2) }
    for _, arg in ipairs { '-p', dir, '-c', dir .. '/nginx.conf', '-e', dir .. '/start.log' } do
      args[#args + 1] = arg
    end
    return { name = 'nginx', command = command[1], args = args, cwd = dir,
      log = dir .. '/start.log' }
  end)
  local turn = 0
  return {
    dir = dir, certs = made, source = dir .. '/htdocs/1g',
    url = function(scheme)
      if scheme == 'http' then
        turn = turn % PLAIN_PORTS + 1
        return 'http://127.0.0.1:' .. ports[turn]
      end
      return 'https://127.0.0.1:' .. ports[PLAIN_PORTS + (scheme == 'h2' and 2 or 1)]
    end,
    stop = function()
      process.stop { child }
      process.remove_tree(dir)
    end,
  }
end

return server
