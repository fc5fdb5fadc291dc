-- Redirects that lead nowhere, or where they must not.

local fault = require 'spec.support.fault'

local function to(location, status)
  return function(conn)
    while conn:request() do
      conn:send(fault.response { status = status or 302, headers = { 'Location: ' .. location } })
    end
  end
end

-- Leads on to a new place as often as it is asked.
local function endless(conn)
  local n = 0
  while conn:request() do
    n = n + 1
    conn:send(fault.response { status = 302, headers = { 'Location: /' .. n } })
  end
end

local function chain(length)
  return function(conn)
    for n = 1, length do
      conn:request()
      conn:send(fault.response { status = 302, headers = { 'Location: /' .. n } })
    end
    conn:request()
    conn:send(fault.response { body = 'arrived' })
    conn:stall()
  end
end

local rows = {
  { fault = 'to itself', outcome = 'TOO_MANY_REDIRECTS wait', serve = to('/') },
  { fault = 'endless', outcome = 'TOO_MANY_REDIRECTS wait', serve = endless },
  { fault = 'a chain of 10', outcome = '200', serve = chain(10), body = 'arrived' },
  { fault = 'a chain of 11', outcome = 'TOO_MANY_REDIRECTS wait', serve = chain(11) },
  { fault = 'a chain of 2 where 1 is allowed', outcome = 'TOO_MANY_REDIRECTS wait',
    serve = chain(2), request = { redirects = 1 } },
  { fault = 'to a port where nothing is',
    outcome = 'COULDNT_CONNECT connect', serve = function(conn)
    conn:request()
    conn:send(fault.response { status = 302, headers = { 'Location: ' .. fault.refused() } })
    conn:stall()
  end },
  { fault = 'to a name that is not found', outcome = 'COULDNT_RESOLVE_HOST resolve',
    serve = to 'http://nosuchhost.invalid/' },
  { fault = 'to a URL that is none', outcome = 'URL_MALFORMAT wait', serve = to 'http://:bad:/' },
  { fault = 'to a port that is none',
    outcome = 'URL_MALFORMAT wait', serve = to 'http://127.0.0.1:99999/' },
  { fault = 'to an empty Location', outcome = '302', serve = to '' },
  { fault = 'to a Location of 90 kB',
    outcome = 'RECV_ERROR wait', serve = to('/' .. ('x'):rep(90000)) },
}
for _, url in ipairs { 'file:///etc/hostname', 'ftp://127.0.0.1:1/', 'gopher://127.0.0.1:1/x',
  'dict://127.0.0.1:1/x', 'smb://127.0.0.1/x', 'javascript:alert(1)', 'nosuch://x/' } do
  rows[#rows + 1] = { fault = 'to ' .. url, outcome = 'UNSUPPORTED_PROTOCOL wait', serve = to(url) }
end

-- One redirect, then what `serve` does on the same connection, or on one that TLS is asked for.
local function after(fault_name, outcome, serve, location)
  local function handle(conn, server)
    if location and server.connections == 1 then
      conn:request()
      local where = location(server)
      conn:send(fault.response { status = 302, headers = { 'Location: ' .. where } })
      return conn:stall()
    elseif not location then
      conn:request()
      conn:send(fault.response { status = 302, headers = { 'Location: /next' } })
      conn:request()
    end
    serve(conn)
  end
  rows[#rows + 1] = { fault = fault_name, outcome = outcome, serve = handle }
end
local function secure(server) return (server.url:gsub('^http', 'https')) end
local function elsewhere(server) return ('http://localhost:%d/'):format(server.port) end
local function stall(conn) conn:stall() end

after('then silent', 'OPERATION_TIMEDOUT wait', stall)
after('then reset', 'RECV_ERROR wait', function(conn) conn:reset() end)
after('then half a body', 'PARTIAL_FILE body', function(conn)
  conn:send(fault.response { body = 'half', headers = { 'Content-Length: 8' } })
end)
after('to another name, then silent', 'OPERATION_TIMEDOUT wait', stall, elsewhere)
after('to https, then silent', 'OPERATION_TIMEDOUT tls', stall, secure)
after('to https, then no TLS', 'SSL_CONNECT_ERROR tls', function(conn)
  conn:read()
  conn:send('this is no TLS at all')
end, secure)
rows[#rows + 1] = { fault = 'whose own body is silent', outcome = 'OPERATION_TIMEDOUT wait',
  serve = function(conn)
    conn:request()
    conn:send('HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 10\r\n\r\nhalf')
    conn:stall()
  end }
rows[#rows + 1] = { fault = 'whose own body is cut off', outcome = '200', body = 'arrived',
  serve = function(conn, server)
    conn:request()
    if server.connections == 1 then
      return conn:send('HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 10\r\n\r\nhalf')
    end
    conn:send(fault.response { body = 'arrived' })
    conn:stall()
  end }

for _, row in ipairs(rows) do
  row.stage = 'redirect'
end

return { title = 'Redirects', rows = rows }
