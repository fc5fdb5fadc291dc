-- Connections that are used again at the very moment when the server gives them up.

local fault = require 'spec.support.fault'
local servers = require 'spec.support.servers'
local tls_proxy = require 'spec.support.faults.tls_proxy'

local nginx = servers.nginx
local OK = fault.response { body = 'ok' }

local rows = {}

-- The first connection answers once, then does `stop` with the second request; others answer all.
local function plain(name, outcome, stop, extra)
  rows[#rows + 1] = { stage = 'HTTP/1.1', fault = name, outcome = outcome, warm = true,
    request = extra, serve = function(conn, server)
      local first = server.connections == 1
      while conn:request() do
        if first and server.warm then
          return stop(conn)
        end
        conn:send(OK)
      end
    end }
end

local function close(conn) conn:close() end
local function reset(conn) conn:reset() end

plain('closed', '200', close)
plain('reset', '200', reset)
-- The server may have acted on it.
plain('closed, a POST', 'GOT_NOTHING wait', close, { method = 'POST', body = 'data' })
plain('silent', 'OPERATION_TIMEDOUT wait', function(conn) conn:stall() end)
-- That is no answer yet: it is asked again.
plain('closed in the status line', '200', function(conn)
  conn:send('HTTP/1.1 2')
end)
plain('closed in the headers', 'PARTIAL_FILE wait', function(conn)
  conn:send('HTTP/1.1 200 Fine\r\nX-Half: ye')
end)
plain('closed in the body', 'PARTIAL_FILE body', function(conn)
  conn:send('HTTP/1.1 200 Fine\r\nContent-Length: 10\r\n\r\nhalf')
end)
for _, kind in ipairs { { 'HTTP/1.1 over TLS', nginx.tls_http1_port },
  { 'HTTP/2 over TLS', nginx.tls_port } } do
  local function over_tls(name, outcome, stop)
    rows[#rows + 1] = { stage = kind[1], fault = name, outcome = outcome, warm = true,
      scheme = 'https', path = '/small', request = { tls = { ca_file = servers.certs.ca } },
      serve = function(conn, server)
        tls_proxy.until_warm(conn, kind[2], server, stop)
      end }
  end
  over_tls('closed', '200', close)
  over_tls('reset', '200', reset)
  over_tls('silent', 'OPERATION_TIMEDOUT wait', function(conn) conn:hang() end)
end

return { title = 'A kept connection, as it is used again', rows = rows }
