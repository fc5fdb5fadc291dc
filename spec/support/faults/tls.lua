-- TLS: handshakes and records that stop, by a proxy in front of real servers.

local endings = require 'spec.support.faults.endings'
local servers = require 'spec.support.servers'
local tls_proxy = require 'spec.support.faults.tls_proxy'

local nginx, nghttpd = servers.nginx, servers.nghttpd
local LATE = { tls = 'OPERATION_TIMEDOUT tls', wait = 'OPERATION_TIMEDOUT wait',
  body = 'OPERATION_TIMEDOUT body' }

local NAMES = {}
for i, name in ipairs(endings.NAMES) do
  NAMES[i] = name
end
NAMES[#NAMES + 1] = 'a bit changed'

local rows = {}

local function place(stage, port, cut, phase, closed, reset, changed, path)
  local each = { stage = stage, closed = closed, reset = reset, silent = LATE[phase],
    ['a byte a second'] = LATE[phase], ['a bit changed'] = changed }
  local common = { scheme = 'https', path = path or '/16k',
    request = { tls = { ca_file = servers.certs.ca } } }
  endings.rows(each, common, function(conn, ending)
    tls_proxy.play(conn, port, cut, ending)
  end, rows, NAMES)
end

local CONNECT = 'SSL_CONNECT_ERROR tls'

-- TLS 1.2: hello, certificate, key, end of the hello; then, once the client has answered, a change
-- of ciphers and Finished. The response comes in two records.
local V12 = nginx.tls_1_2_port
place('TLS 1.2: before the hello', V12, { records = 0, bytes = 0 }, 'tls', CONNECT, CONNECT,
  LATE.tls)
place("TLS 1.2: in a record's head", V12, { records = 0, bytes = 3 }, 'tls', CONNECT, CONNECT)
place('TLS 1.2: in the hello', V12, { records = 0, bytes = 40 }, 'tls', CONNECT, CONNECT)
place('TLS 1.2: before the certificate', V12, { records = 1, bytes = 0 }, 'tls', CONNECT,
  CONNECT, CONNECT)
place('TLS 1.2: in the certificate', V12, { records = 1, bytes = 200 }, 'tls', CONNECT, CONNECT)
place("TLS 1.2: before the hello's end", V12, { records = 3, bytes = 0 }, 'tls', CONNECT,
  CONNECT, CONNECT)
place('TLS 1.2: before Finished', V12, { records = 5, bytes = 0 }, 'tls', CONNECT, CONNECT, CONNECT)
place('TLS 1.2: before the response', V12, { data = true, records = 0, bytes = 0 }, 'wait',
  'GOT_NOTHING wait', 'RECV_ERROR wait', 'RECV_ERROR wait')
place('TLS 1.2: in its first record', V12, { data = true, records = 0, bytes = 100 }, 'wait',
  'GOT_NOTHING wait', 'RECV_ERROR wait')
place('TLS 1.2: between its records', V12, { data = true, records = 1, bytes = 0 }, 'body',
  'PARTIAL_FILE body', 'RECV_ERROR body', 'RECV_ERROR body')
place('TLS 1.2: in its last record', V12, { data = true, records = 1, bytes = 100 }, 'body',
  'PARTIAL_FILE body', 'RECV_ERROR body')

-- libcurl has OpenSSL overlook a connection that ends without a goodbye. That the body is not whole
-- is seen by its coding: nginx has one of no length by gzip.
place('TLS 1.2: in a body without a length', V12, { data = true, records = 1, bytes = 0 }, 'body',
  'PARTIAL_FILE body', 'RECV_ERROR body', nil, '/unsized')

-- TLS 1.3: hello, a change of ciphers for show, and all else encrypted.
local V13 = nghttpd.port
place('TLS 1.3: before the hello', V13, { records = 0, bytes = 0 }, 'tls', CONNECT,
  CONNECT, CONNECT)
place('TLS 1.3: in the hello', V13, { records = 0, bytes = 40 }, 'tls', CONNECT, CONNECT)
place('TLS 1.3: before its encrypted part', V13, { records = 2, bytes = 0 }, 'tls', CONNECT,
  CONNECT, CONNECT)
place('TLS 1.3: in its encrypted part', V13, { records = 2, bytes = 20 }, 'tls', CONNECT, CONNECT)

return { title = 'TLS: a handshake or a response that stops', columns = NAMES, rows = rows }
