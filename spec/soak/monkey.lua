-- luajit spec/soak/monkey.lua COUNT SEED: every public call at random, against a server that does
-- anything, over HTTP/1.1 and frames of HTTP/2. Each transfer has to end exactly once. What it
-- prints last is how many there were of each end.

local uv = package.loaded.luv or vim and (vim.uv or vim.loop) or require 'luv'
local curl = require 'luvcurl'

local COUNT, SEED = tonumber(arg[1]), tonumber(arg[2])
local AT_ONCE = 60
math.randomseed(SEED)
local random = math.random

local function one_of(list)
  return list[random(#list)]
end

local function chance(of)
  return random() < of
end

local function after(ms, fn)
  local timer = uv.new_timer()
  timer:start(ms, 0, function()
    timer:close()
    fn()
  end)
end

-- The server ---------------------------------------------------------------------------------

local function frame(kind, flags, stream, payload)
  local function bytes(number, count)
    local text = ''
    for _ = 1, count do
      text = string.char(number % 256) .. text
      number = math.floor(number / 256)
    end
    return text
  end
  return bytes(#payload, 3) .. bytes(kind, 1) .. bytes(flags, 1) .. bytes(stream, 4) .. payload
end

local function noise(size)
  local parts = {}
  for i = 1, size do
    parts[i] = string.char(random(0, 255))
  end
  return table.concat(parts)
end

local ANSWERS = {
  function() return 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi' end,
  function()
    return 'HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n' .. ('x'):rep(random(200000))
  end,
  function()
    return 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-T: 1\r\n\r\n'
  end,
  function() return 'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n' .. noise(50) end,
  function() return 'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="x", nonce="a", qop="auth"'
    .. '\r\nContent-Length: 3\r\n\r\nwho' end,
  function() return ('HTTP/1.1 %d Go\r\nLocation: /%d\r\nContent-Length: 0\r\n\r\n'):format(
    one_of { 301, 302, 303, 307, 308 }, random(1000)) end,
  function() return 'HTTP/1.1 100 Continue\r\n\r\n' end,
  function() return 'HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n' end,
  function() return 'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'
    .. frame(4, 0, 0, '')
    .. frame(random(0, 10), random(0, 255), random(0, 3), noise(random(40))) end,
  function() return 'HTTP/2 200 OK\r\n\r\nhi' end,
  function() return frame(4, 0, 0, '') .. frame(7, 0, 0, ('\0'):rep(8)) end,
  function() return frame(4, 0, 0, '') .. frame(4, 1, 0, '') .. frame(1, 5, 1, '\136') end,
  function() return frame(4, 0, 0, '') .. frame(3, 0, 1, '\0\0\0\7') end,
  function()
    return 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nretry: 1\ndata: a\n\n'
  end,
  function() return noise(100) end,
  function() return '' end,
}

local server = uv.new_tcp()
assert(server:bind('127.0.0.1', 0))
local url = ('http://127.0.0.1:%d/'):format(server:getsockname().port)
server:listen(512, function()
  local conn = uv.new_tcp()
  server:accept(conn)
  conn:unref()
  local function close()
    if not conn:is_closing() then
      conn:close()
    end
  end
  conn:read_start(function(_, bytes)
    if not bytes then
      return close()
    elseif chance(0.3) and not bytes:find('\r\n\r\n', 1, true) then
      return nil
    end
    local answer = one_of(ANSWERS)()
    local cut = chance(0.2) and random(0, #answer) or #answer
    if answer ~= '' and not conn:is_closing() then
      conn:write(answer:sub(1, cut))
    end
    if cut < #answer or chance(0.3) then
      after(random(0, 50), close)
    end
  end)
end)
server:unref()

-- The monkey ---------------------------------------------------------------------------------

local ends, started, ended, handles = {}, 0, 0, {}
local multis = { curl.Multi:new(), curl.Multi:new { max_concurrent = 5 },
  curl.Multi:new { max_connections = 4, turn_budget = 1 } }

local function source()
  local left = random(0, 6)
  return function()
    left = left - 1
    if left <= 0 then
      if chance(0.1) then
        error 'the source fails'
      end
      return nil
    end
    return ('b'):rep(random(1, 30000))
  end
end

local BODIES = {
  function() return nil end,
  function() return ('s'):rep(random(0, 5000)) end,
  source,
  function() return { read = source(), rewind = function() end } end,
}

local act
local function chaos()
  if chance(0.1) then
    act()
  end
  if chance(0.02) then
    error 'a hook fails'
  end
end

local function request()
  local one = { url = url .. started, timeout = random(50, 1500) }
  one.body = one_of(BODIES)()
  one.method = chance(0.3) and one_of { 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'X-ODD' } or nil
  one.http_version = chance(0.5) and one_of { '1.0', '1.1', '2', '2tls', 'prior-knowledge' } or nil
  one.expect = chance(0.3) and chance(0.5) or nil
  one.max_body = chance(0.2) and random(1, 100000) or nil
  one.high_water = chance(0.2) and random(1, 100000) or nil
  one.auth = chance(0.2)
    and { user = 'u', password = 'p', scheme = one_of { 'basic', 'digest' } } or nil
  one.on_response = chance(0.3) and chaos or nil
  one.on_progress = chance(0.3) and chaos or nil
  return one
end

-- What has ended well has an answer of its own: no 1xx, nothing that led to another, not nothing.
local function check(res)
  local status = res.status
  if status < 200 or status >= 300 and status < 400 and res.headers.location then
    io.stderr:write(('%d is no answer\n'):format(status))
    os.exit(5)
  end
end

local function note(err, res)
  if res then
    check(res)
  end
  local name = err and err.name or res and tostring(res.status) or 'nothing'
  ends[name] = (ends[name] or 0) + 1
end

-- The final callback of one transfer.
local function final()
  local called = false
  started = started + 1
  return function(err, res)
    if called or (err == nil) == (res == nil) then
      io.stderr:write('ended twice, or in nothing\n')
      os.exit(3)
    end
    called, ended = true, ended + 1
    note(err, res)
    if chance(0.1) then
      act()
    end
  end
end

-- A coroutine's reading of a stream, in one of the ways there are.
local WAYS = {
  function(res) return res:text() end,
  function(res) return res:discard() end,
  function(res) return res:read(random(1, 1000)) end,
  function(res) res:close() end,
  function(res)
    local following = res:lines { max_line = 1000 }
    repeat local line = following() until not line
  end,
  function(res)
    local following = res:events()
    repeat local event = following() until not event
  end,
  function() collectgarbage() end,
}

local ACTS = {
  function()
    local one = request()
    one.on_data = chance(0.3) and chaos or nil
    handles[random(40)] = one_of(multis):add(one, final())
  end,
  function()
    local one, told = request(), final()
    one.url = nil
    handles[random(40)] = curl.request(url, one, told)
  end,
  function()
    local told = final()
    coroutine.wrap(function()
      local res, err = curl.stream(request())
      if res then
        pcall(one_of(WAYS), res)
      end
      told(err, res)
    end)()
  end,
  function()
    local t = handles[random(40)]
    if t then
      one_of { t.cancel, t.pause, t.resume, t.unref, t.ref, t.state, t.url, t.timings }(t)
      if t:state() == 'paused' then
        after(random(0, 50), function() t:resume() end)
      end
      t:ref()
    end
  end,
  function()
    handles[random(40)] = nil
    if chance(0.2) then
      collectgarbage()
    end
  end,
  function() return one_of(multis):stats(), one_of(multis):count() end,
  function()
    if chance(0.02) then
      local at = random(#multis)
      multis[at]:close()
      multis[at] = curl.Multi:new()
    end
  end,
}

-- What is refused or raised is no end of a transfer that never began.
function act()
  local before = started
  local ok, why = pcall(one_of(ACTS))
  if not ok and type(why) ~= 'string' then
    error(why)
  elseif not ok and started > before then
    started = before
  end
end

local pacer = uv.new_timer()
pacer:start(1, 2, function()
  for _ = 1, 6 do
    if started < COUNT and started - ended < AT_ONCE then
      act()
    end
  end
  if started >= COUNT then
    pacer:close()
  end
end)

local deadline = uv.hrtime() + (COUNT * 0.05 + 60) * 1e9
while ended < started or started < COUNT do
  pcall(uv.run, 'once') -- what a hook raises reaches the host here
  if uv.hrtime() > deadline then
    io.stderr:write(('%d of %d have not ended\n'):format(started - ended, started))
    os.exit(4)
  end
end
local list = {}
for name, count in pairs(ends) do
  list[#list + 1] = name .. '=' .. count
end
table.sort(list)
print(ended .. ' ended: ' .. table.concat(list, ' '))
io.stdout:flush()
os.exit(0, false)
