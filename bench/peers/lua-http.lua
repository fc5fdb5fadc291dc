-- lua-http on LuaJIT. Its `request` makes a connection for each request, so each coroutine keeps
-- one of its own, or all share one where it is HTTP/2, and opens a stream for each request.

local here = arg[0]:match '^(.*/)' or './'
local client = dofile(here .. 'client.lua')
local cqueues = require 'cqueues'
local http_client = require 'http.client'
local http_headers = require 'http.headers'

local options = client.options(arg, 'lua-http ' .. require('http.version').version, {
  down = true, ['post-json'] = true, http2 = true, tls = true,
})
local target = client.parts(options.url)
local posting = options.workload == 'post-json'

local function tls_context()
  if not options.cacert then
    return nil
  end
  local context, store = require('http.tls').new_client_context(), require('openssl.x509.store')
  local trusted = store.new()
  trusted:add(options.cacert)
  context:setStore(trusted)
  return context
end

local function request_headers()
  local headers = http_headers.new()
  headers:append(':method', posting and 'POST' or 'GET')
  headers:append(':scheme', target.scheme)
  headers:append(':authority', target.authority)
  headers:append(':path', target.path)
  headers:append('user-agent', 'lua-http')
  if posting then
    headers:append('content-type', 'application/json')
    headers:append('content-length', tostring(#client.JSON))
  end
  return headers
end

local context, headers = tls_context(), request_headers()

local function connect()
  local connection = assert(http_client.connect {
    host = target.host, port = target.port, tls = target.scheme == 'https', ctx = context,
    version = options.http2 and 2 or 1.1,
  })
  assert(connection:connect())
  return connection
end

-- The length of the body, read as a string or, for a download, chunk by chunk.
local function body_length(stream)
  if options.workload ~= 'down' then
    return #assert(stream:get_body_as_string())
  end
  local length = 0
  for chunk in stream:each_chunk() do
    length = length + #chunk
  end
  return length
end

local function exchange(connection)
  local stream = assert(connection:new_stream())
  assert(stream:write_headers(headers, not posting))
  if posting then
    assert(stream:write_body_from_string(client.JSON))
  end
  local answer = assert(stream:get_headers())
  return tonumber(answer:get ':status'), body_length(stream)
end

local connections = {}

-- Connections survive from the warm-up, as they do in a program that keeps running.
local function connection_of(worker)
  local slot = options.http2 and 1 or worker
  if not connections[slot] then
    connections[slot] = connect()
  end
  return connections[slot]
end

local function work(worker, tally)
  while tally:start() do
    local ok, status, length = pcall(exchange, connection_of(worker))
    if ok then
      tally:done(status, length)
    else
      connections[options.http2 and 1 or worker] = nil
      tally:done(nil, nil, tostring(status))
    end
  end
end

local loop = cqueues.new()
client.measure(options, function(tally, in_flight, finished)
  if options.http2 and not connections[1] then
    loop:wrap(function()
      connection_of(1)
    end)
    assert(loop:loop())
  end
  for worker = 1, in_flight do
    loop:wrap(work, worker, tally)
  end
  assert(loop:loop())
  finished()
end)
