-- Before anything is said: names, connections, proxies.

local backlog = require 'spec.support.backlog'
local fault = require 'spec.support.fault'

local function refused() return fault.refused() .. '/' end
local function nothing() return 'http://127.0.0.1:1/' end

-- A proxy that answers CONNECT with these bytes, or not at all.
local function proxy(answer)
  return fault.serve(function(conn)
    conn:head()
    if answer then
      conn:send(answer)
    end
    conn:stall()
  end).url
end

local function through(answer, extra)
  return function()
    local request = { proxy = proxy(answer) }
    for name, value in pairs(extra or {}) do
      request[name] = value
    end
    return request
  end
end

local function socks(bytes)
  return function()
    local server = fault.serve(function(conn)
      conn:read()
      conn:send(bytes)
      conn:stall()
    end)
    return { proxy = (server.url:gsub('^http', 'socks5h')) }
  end
end

local function secure() return 'https://server.invalid/' end

return {
  title = 'Before the request: names, connections, proxies',
  rows = {
    { stage = 'name', fault = 'not found', outcome = 'COULDNT_RESOLVE_HOST resolve',
      url = function() return 'http://nosuchhost.invalid/' end },
    { stage = 'name', fault = "the proxy's not found", outcome = 'COULDNT_RESOLVE_PROXY resolve',
      url = nothing, request = { proxy = 'http://nosuchproxy.invalid:3128' } },
    { stage = 'connect', fault = 'refused', outcome = 'COULDNT_CONNECT connect', url = refused },
    { stage = 'connect', fault = 'silent', outcome = 'OPERATION_TIMEDOUT connect',
      url = backlog.full },
    { stage = 'connect', fault = 'silent, with connect_timeout',
      outcome = 'OPERATION_TIMEDOUT connect', url = backlog.full,
      request = { connect_timeout = 1000 } },
    { stage = 'connect', fault = "the proxy's refused", outcome = 'COULDNT_CONNECT connect',
      url = nothing, prepare = function() return { proxy = fault.refused() } end },
    { stage = "proxy's answer", fault = 'closed', outcome = 'RECV_ERROR connect', url = secure,
      prepare = function()
        return { proxy = fault.serve(function(conn) conn:head() end).url }
      end },
    { stage = "proxy's answer", fault = 'silent', outcome = 'OPERATION_TIMEDOUT connect',
      url = secure, prepare = through(nil) },
    { stage = "proxy's answer", fault = '403', outcome = 'RECV_ERROR connect', url = secure,
      prepare = through 'HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n' },
    { stage = "proxy's answer", fault = 'garbage', outcome = 'RECV_ERROR connect', url = secure,
      prepare = through 'this is no HTTP\r\n\r\n' },
    { stage = "proxy's answer", fault = 'endless headers', outcome = 'RECV_ERROR tls', url = secure,
      prepare = function()
        return { proxy = fault.serve(function(conn)
          conn:head()
          conn:send('HTTP/1.1 200 Fine\r\n')
          -- In pieces: libcurl reads what comes from a proxy byte by byte.
          conn:dribble(('X-Many: ' .. ('x'):rep(990) .. '\r\n'):rep(1000), 8000, 2)
        end).url }
      end },
    { stage = "proxy's answer", fault = 'no TLS behind it', outcome = 'SSL_CONNECT_ERROR tls',
      url = secure, prepare = through 'HTTP/1.1 200 Fine\r\n\r\nthis is no TLS at all' },
    { stage = "SOCKS proxy's answer", fault = 'garbage', outcome = 'PROXY connect', url = nothing,
      prepare = socks(('x'):rep(100)) },
    { stage = "SOCKS proxy's answer", fault = 'no way in', outcome = 'PROXY connect', url = nothing,
      prepare = socks '\5\255' },
  },
}
