-- What nginx answers where. Rendered by Lua because nginx wants status codes as literals.

local nginx_locations = {}

-- Every answer tells which connection it came over and how many requests that one has had.
local COMMON = [[
add_header X-Connection $connection always;
add_header X-Requests $connection_requests always;
limit_rate $arg_rate;

location = /small { default_type text/plain; return 200 "hello world\n"; }
location = /none { return 204; }
location = /events { default_type text/event-stream; return 200 "data: 1\n\ndata: 2\n\n"; }
location = /slow { alias htdocs/1m; limit_rate 20k; }
location = /json { default_type application/json; alias htdocs/data.json; }
location = /text {
  default_type text/plain;
  alias htdocs/text.txt;
  gzip on;
  gzip_min_length 1;
  gzip_types *;
  brotli on;
  brotli_min_length 1;
  brotli_types *;
}
location = /unsized {
  alias htdocs/16k;
  gzip on;
  gzip_types *;
  chunked_transfer_encoding off;
}
location = /bomb {
  default_type text/plain;
  add_header Content-Encoding gzip;
  alias htdocs/bomb.gz;
}
location = /echo {
  default_type text/plain;
  return 200 "$ECHO";
}
location /auth/ {
  auth_basic "spec";
  auth_basic_user_file htpasswd;
  default_type text/plain;
  try_files /nothing @authorized;
}
location @authorized { default_type text/plain; return 200 "welcome $remote_user\n"; }
location /dav/ {
  root dav;
  dav_methods PUT DELETE MKCOL COPY MOVE;
  create_full_put_path on;
}
location = /sink { default_type text/plain; return 200 "swallowed $content_length\n"; }
location = /cookies {
  default_type text/plain;
  return 200 "$http_cookie\n";
}
location = /cookies/set {
  add_header Set-Cookie "flavour=oat; Path=/";
  add_header Set-Cookie "size=small; Path=/; HttpOnly";
  return 200 "set\n";
}
location = /retry-after {
  add_header Retry-After 1 always;
  return 503 "later\n";
}
location = /redirect/loop { return 302 /redirect/loop; }
location = /redirect/relative { return 302 "echo?from=relative"; }
location = /redirect/file { return 302 file:///etc/hostname; }
location = /redirect/ftp { return 302 ftp://127.0.0.1:1/; }
location = /redirect/0 { default_type text/plain; return 200 "arrived\n"; }
]]

local ECHO = {
  '$request_method $request_uri $server_protocol',
  'host: $http_host',
  'authorization: $http_authorization',
  'cookie: $http_cookie',
  'user-agent: $http_user_agent',
  'accept: $http_accept',
  'accept-encoding: $http_accept_encoding',
  'content-type: $http_content_type',
  'content-length: $http_content_length',
  'x-secret: $http_x_secret',
  'ssl: $ssl_protocol',
  'client: $ssl_client_s_dn',
  '',
}

local STATUSES = { 200, 201, 202, 204, 400, 401, 403, 404, 405, 408, 409, 410, 413, 418, 422, 425,
  429, 431, 451, 500, 501, 502, 503, 504, 507, 599 }
local REDIRECTS = { 301, 302, 303, 307, 308 }

local function redirects(targets)
  local lines = {}
  local function to(path, status, url)
    lines[#lines + 1] = ('location = %s { return %d %s; }'):format(path, status, url)
  end
  for left = 1, 60 do
    to('/redirect/' .. left, 302, '/redirect/' .. left - 1)
  end
  for _, status in ipairs(REDIRECTS) do
    local prefix = '/to/' .. status
    to(prefix .. '/echo', status, '/echo')
    to(prefix .. '/other', status, targets.other .. '/echo')
    to(prefix .. '/tls', status, targets.tls .. '/echo')
    to(prefix .. '/httpbin', status, targets.httpbin .. '/anything')
    to(prefix .. '/url', status, '$arg_url')
  end
  -- a proxy answers when it has read the whole body
  lines[#lines + 1] = ('location = /read/307 { proxy_pass %s/to/307/url?url=/sink; }'):format(
    targets.other)
  return table.concat(lines, '\n')
end

local function statuses()
  local lines = {}
  for _, status in ipairs(STATUSES) do
    lines[#lines + 1] = ('location = /status/%d { return %d "status %d\\n"; }'):format(
      status, status, status)
  end
  return table.concat(lines, '\n')
end

--- The text of locations.conf.
---@param targets table { httpbin, other, tls } URLs that /to/<status>/<name> points at
---@return string
function nginx_locations.render(targets)
  local common = COMMON:gsub('%$ECHO', (table.concat(ECHO, '\\n'):gsub('%%', '%%%%')))
  return table.concat({ common, statuses(), redirects(targets), '' }, '\n')
end

return nginx_locations
