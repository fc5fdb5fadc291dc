-- A very small HTTP server on luv, for the demo: luajit examples/demo_server.lua
-- Answers every request with a few friendly lines; prints its address once it listens.

local uv = package.loaded.uv or require 'luv'

local MAX_HEAD = 64 * 1024

---@param request_line string
---@return string response with its head
local function answer(request_line)
  local body = ('Hello from a server on luv!\nYou asked: %s\nIt is %s.\n')
    :format(request_line, os.date('!%H:%M:%S UTC'))
  return table.concat({
    'HTTP/1.1 200 OK',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Length: ' .. #body,
    'Connection: close',
    '',
    body,
  }, '\r\n')
end

local function close(client)
  if not client:is_closing() then client:close() end
end

local function serve(client)
  local head = ''
  client:read_start(function(err, chunk)
    if err or not chunk then return close(client) end
    head = head .. chunk
    if #head > MAX_HEAD then return close(client) end
    if not head:find('\r\n\r\n', 1, true) then return end
    client:read_stop()
    client:write(answer(head:match('^[^\r]*')), function()
      client:shutdown(function() close(client) end)
    end)
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
