-- nginx: one process, a port for each kind of listener, the same locations behind all of them.

local uv = require 'luv'
local process = require 'spec.support.process'
local locations = require 'spec.support.nginx_locations'

local nginx = {}

local MODULES = '/usr/lib/nginx/modules'

local MAIN = [[
daemon off;
worker_processes 2;
$USER
pid nginx.pid;
error_log error.log warn;
load_module $MODULES/ngx_http_brotli_filter_module.so;
events { worker_connections 4096; }
http {
  log_format spec '$server_port $connection $connection_requests "$request" $status '
    '$body_bytes_sent auth="$http_authorization" cookie="$http_cookie" range="$http_range" '
    'ssl="$ssl_protocol" proto="$server_protocol"';
  access_log access.log spec;
  client_body_temp_path tmp/body;
  proxy_temp_path tmp/proxy;
  fastcgi_temp_path tmp/fastcgi;
  uwsgi_temp_path tmp/uwsgi;
  scgi_temp_path tmp/scgi;
  default_type application/octet-stream;
  types { }
  root htdocs;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  client_max_body_size 0;
  ssl_session_cache shared:spec:1m;
$SERVERS
}
]]

local LISTENERS = {
  { name = 'plain' },
  { name = 'other' },
  { name = 'h2c', http2 = true },
  { name = 'tls', cert = 'server', http2 = true },
  { name = 'tls_goaway', cert = 'server', http2 = true, extra = 'keepalive_requests 1;' },
  { name = 'tls_http1', cert = 'server' },
  { name = 'tls_wrong_host', cert = 'wrong_host', http2 = true },
  { name = 'tls_expired', cert = 'expired', http2 = true },
  { name = 'tls_self_signed', cert = 'self_signed', http2 = true },
  { name = 'tls_1_2', cert = 'server', extra = 'ssl_protocols TLSv1.2;' },
  { name = 'tls_asks', cert = 'server', extra = 'ssl_verify_client optional;', client_ca = true },
  { name = 'tls_client', cert = 'server', extra = 'ssl_verify_client on;', client_ca = true },
}

local function server_block(listener, port, certs, style)
  local lines = { ('  server {\n    listen 127.0.0.1:%d%s%s backlog=4096;'):format(port,
    listener.cert and ' ssl' or '', listener.http2 and style.on_listen or '') }
  if listener.http2 then
    lines[#lines + 1] = style.directive
  end
  if listener.cert then
    local pair = certs[listener.cert]
    lines[#lines + 1] = ('ssl_certificate %s;\n    ssl_certificate_key %s;'):format(
      pair.cert, pair.key)
  end
  if listener.client_ca then
    lines[#lines + 1] = ('ssl_client_certificate %s;'):format(certs.ca)
  end
  lines[#lines + 1] = listener.extra
  lines[#lines + 1] = 'include locations.conf;\n  }'
  return table.concat(lines, '\n    ')
end

-- How HTTP/2 is asked for: from nginx 1.25.1 on by a directive.
local function http2_style(program)
  local pipe = assert(io.popen(("'%s' -v 2>&1"):format(program)))
  local major, minor = pipe:read('*a'):match('nginx/(%d+)%.(%d+)')
  pipe:close()
  local number = tonumber(major) * 1000 + tonumber(minor)
  return number >= 1026 and { on_listen = '', directive = 'http2 on;' } or { on_listen = ' http2' }
end

local function configuration(ports, certs, style)
  local blocks = {}
  for i, listener in ipairs(LISTENERS) do
    blocks[i] = server_block(listener, ports[i], certs, style)
  end
  return (MAIN:gsub('%$(%u+)', {
    USER = uv.getuid() == 0 and 'user root;' or '',
    MODULES = MODULES,
    SERVERS = table.concat(blocks, '\n'),
  }))
end

local function urls(ports)
  local result = {}
  for i, listener in ipairs(LISTENERS) do
    local scheme = listener.cert and 'https' or 'http'
    local key = listener.name == 'plain' and 'url' or listener.name .. '_url'
    result[key] = ('%s://127.0.0.1:%d'):format(scheme, ports[i])
    result[listener.name .. '_port'] = ports[i]
  end
  -- The same listener under a name that its certificate has too.
  result.tls_localhost_url = ('https://localhost:%d'):format(result.tls_port)
  return result
end

--- Starts it.
---@param dir string a fresh directory with htdocs/ in it
---@param certs Certs
---@param neighbours table { httpbin_url } for redirects to another server
---@return Child child
---@return table facts what servers.nginx holds
function nginx.start(dir, certs, neighbours)
  local program = process.find('nginx', 'nginx')
  process.find(MODULES .. '/ngx_http_brotli_filter_module.so', 'libnginx-mod-http-brotli-filter')
  for _, name in ipairs { 'tmp', 'dav', 'dav/dav' } do
    assert(uv.fs_mkdir(dir .. '/' .. name, 448))
  end
  process.write_file(dir .. '/htpasswd', 'user:{PLAIN}pass\n')
  local style = http2_style(program)
  local child, ports = process.serve(#LISTENERS, function(...)
    local chosen = { ... }
    local facts = urls(chosen)
    process.write_file(dir .. '/nginx.conf', configuration(chosen, certs, style))
    process.write_file(dir .. '/locations.conf', locations.render {
      httpbin = neighbours.httpbin_url, other = facts.other_url, tls = facts.tls_localhost_url,
    })
    return {
      name = 'nginx',
      command = program,
      args = { '-p', dir, '-c', dir .. '/nginx.conf', '-e', dir .. '/start.log' },
      cwd = dir,
      log = dir .. '/start.log',
    }
  end)
  local facts = urls(ports)
  facts.pid = child.pid
  facts.root = dir .. '/htdocs'
  facts.dav_dir = dir .. '/dav/dav'
  facts.log = dir .. '/access.log'
  facts.error_log = dir .. '/error.log'
  facts.user, facts.password = 'user', 'pass'
  return child, facts
end

return nginx
