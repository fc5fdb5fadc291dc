-- A server that hands on what another one answers, as it comes, no faster than its client reads:
--
--     luajit examples/proxy.lua URL          then: curl http://127.0.0.1:PORT/path
--
-- A client that vanishes ends the transfer for it; a backend that breaks off ends the client's
-- connection, since all it could know of that is a body that is too short. Neither ends the server.

local curl = require 'luvcurl'
local uv = package.loaded.uv or require 'luv'

local arg = arg or { unpack(process.argv, 2) } -- luvit's
local backend = assert(arg[1], 'usage: proxy.lua URL'):gsub('/$', '')

local function close(client)
  if not client:is_closing() then
    client:close()
  end
end

local function head_of(status, reason, length)
  return ('HTTP/1.1 %d %s\r\n%sConnection: close\r\n\r\n'):format(status, reason,
    length and ('Content-Length: %s\r\n'):format(length) or '')
end

-- Runs in a coroutine of its own: what waits in here holds nobody up.
local function answer(client, path, state)
  local res, err = curl.stream(backend .. path, { accept_encoding = false, timeout = 60000 })
  if not res then
    local text = tostring(err) .. '\n'
    client:write(head_of(502, 'Bad Gateway', #text) .. text, function() close(client) end)
    return
  end
  state.res = res
  client:write(head_of(res.status, res.reason or '', res.headers['content-length']))
  local bytes, why = res:pipe(client) -- to the end, or until one of the two is gone
  if not bytes then
    io.stderr:write(('%s: %s\n'):format(path, tostring(why)))
  end
  close(client)
end

local function serve(client)
  local head, state = '', {}
  client:read_start(function(err, chunk)
    if err or not chunk then
      if state.res then
        state.res:close() -- else it would end with its next byte
      end
      return close(client)
    end
    head = #head < 65536 and head .. chunk or head
    local path = head:match('^GET (%S+) .-\r\n\r\n')
    if path then
      head = 'answered'
      coroutine.wrap(answer)(client, path, state)
    end
  end)
end

local server = uv.new_tcp()
assert(server:bind('127.0.0.1', 0))
assert(server:listen(128, function(err)
  assert(not err, err)
  local client = uv.new_tcp()
  server:accept(client)
  serve(client)
end))

print(('http://127.0.0.1:%d/'):format(server:getsockname().port))
io.stdout:flush()
if not process then
  uv.run()
end
