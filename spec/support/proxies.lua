-- Proxies: tinyproxy (HTTP and CONNECT) and microsocks (SOCKS5), each open and with a password; the
-- first by TLS, too.

local uv = require 'luv'
local process = require 'spec.support.process'

local proxies = {}

local FRONT = uv.fs_realpath(debug.getinfo(1, 'S').source:match('^@(.*/)') .. 'tls_front.py')

local USER, PASSWORD = 'proxyuser', 'proxypass'

local TINYPROXY = [[
Port %d
Listen 127.0.0.1
Timeout 600
MaxClients 200
Allow 127.0.0.1
LogFile "%s"
LogLevel Info
ViaProxyName "spec"
%s
]]

local function http_proxy(dir, name, extra)
  local program = process.find('tinyproxy', 'tinyproxy-bin')
  local log = ('%s/%s-access.log'):format(dir, name)
  local child, ports = process.serve(1, function(port)
    local config = process.write_file(('%s/%s.conf'):format(dir, name),
      TINYPROXY:format(port, log, extra))
    return { name = name, command = program, args = { '-d', '-c', config }, cwd = dir,
      log = ('%s/%s.log'):format(dir, name) }
  end)
  return child, { url = 'http://127.0.0.1:' .. ports[1], port = ports[1], pid = child.pid,
    log = log }
end

local function socks_proxy(dir, name, ...)
  local program = process.find('microsocks', 'microsocks')
  local args = { '-i', '127.0.0.1', ... }
  local count = #args
  local log = ('%s/%s.log'):format(dir, name)
  local child, ports = process.serve(1, function(port)
    args[count + 1], args[count + 2] = '-p', port
    return { name = name, command = program, args = args, cwd = dir, log = log }
  end)
  return child, { url = 'socks5h://127.0.0.1:' .. ports[1], port = ports[1], pid = child.pid,
    log = log }
end

-- With the certificate of an authority of its own.
local function https_proxy(dir, certs, to)
  local python = process.find('/usr/bin/python3', 'python3')
  local log = dir .. '/https.log'
  local child, ports = process.serve(1, function(port)
    return { name = 'https proxy', command = python, cwd = dir, log = log,
      args = { FRONT, tostring(port), certs.proxy.cert, certs.proxy.key,
        tostring(to) } }
  end)
  return child, { url = 'https://127.0.0.1:' .. ports[1], port = ports[1], pid = child.pid,
    log = log }
end

--- Starts all five.
---@param dir string a fresh directory
---@param certs Certs
---@return Child[] children
---@return table facts what servers.proxy holds: http, http_auth, socks, socks_auth, https, user,
---  password
function proxies.start(dir, certs)
  local facts, children = { user = USER, password = PASSWORD }, {}
  children[1], facts.http = http_proxy(dir, 'http', '')
  children[2], facts.http_auth = http_proxy(dir, 'http_auth',
    ('BasicAuth %s %s'):format(USER, PASSWORD))
  children[3], facts.socks = socks_proxy(dir, 'socks')
  children[4], facts.socks_auth = socks_proxy(dir, 'socks_auth', '-u', USER, '-P', PASSWORD)
  children[5], facts.https = https_proxy(dir, certs, facts.http.port)
  return children, facts
end

return proxies
