-- A script's own __gc. It may use luvcurl's objects that the collector has finalized before it, and
-- it may run at any moment that Lua makes a value, in the middle of luvcurl's functions too.

local child = require 'spec.support.child'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local FINALIZER = [[
local function finalizer(call)
  if not newproxy then
    return setmetatable({}, { __gc = call })
  end
  local proxy = newproxy(true)
  getmetatable(proxy).__gc = call
  return proxy
end
]]

-- Calls each method of each object from a finalizer that is older than they.
local GONE = FINALIZER .. [[
local url, way = arg[1], arg[2]
local function print(...) io.stdout:write(table.concat({ ... }, ' '), '\n') end
local curl, core = require 'luvcurl', require 'luvcurl_core'
local ARGUMENTS = { fail = { 'x' }, size = { 1 }, info = { 'response_code' }, feed = { 'x' },
  update = { 'x' }, take = { 10 }, headers = { 'header' } }
local QUIET = { 'cancel', 'pause', 'resume', 'ref', 'unref', 'take', 'discard', 'feed', 'close',
  'state', 'count', 'closed', 'hold' }
local quiet = {}
for _, name in ipairs(QUIET) do quiet[name] = true end

local function call_all(kind, object, methods, o)
  local called = 0
  for name, method in pairs(methods) do
    local arguments = ARGUMENTS[name] or {}
    if name == 'hold' then arguments = { o.t } end
    local ok, err = pcall(method, object, (table.unpack or unpack)(arguments))
    if not ok and not tostring(err):find('is gone', 1, true) then
      print(kind .. ':' .. name .. ' ' .. tostring(err))
    elseif quiet[name] and not ok and kind ~= 'options' and name ~= 'hold' then
      print(kind .. ':' .. name .. ' raises ' .. tostring(err))
    end
    called = called + 1
  end
  print(kind, tostring(called > 0 or kind == 'options'))
  tostring(object)
end

local function fill(o)
  o.m = curl.Multi:new()
  o.core = o.m.core
  o.leash, o.digest, o.options = core.leash(), core.sha256(), core.options {}
  local ended
  o.t = o.m:add(url, function() ended = true end)
  o.running = o.m:add({ url = url, timeout = 5000 }, function() end)
  o.stream = assert(curl.stream(url))
  o.session = curl.session { base_url = url }
  o.res = assert(o.session:get('small'))
  o.m:close()
end

local function methods_of(object) return debug.getmetatable(object).__index end

local function make()
  local o = {}
  o.guard = finalizer(function()
    for _, kind in ipairs { 'core', 't', 'running', 'leash', 'digest', 'options' } do
      call_all(kind, o[kind], methods_of(o[kind]), o)
    end
    for _, call in ipairs {
      function() o.m:add(url, function() end) end, function() o.m:stats() end,
      function() return o.res.headers['x'] end, function() return o.res.url end,
      function() return o.stream.url end, function() o.stream:read() end,
      function() o.session:get('small', function() end) end,
    } do
      local ok, err = pcall(call)
      if not ok and not tostring(err):find('is gone', 1, true)
        and not tostring(err):find('is closing', 1, true) then
        print('raises ' .. tostring(err))
      end
    end
    o.m:close()
    o.stream:close()
    print('count', o.m:count())
  end)
  fill(o)
  return o
end

if way == 'collected' then
  make()
  collectgarbage()
  collectgarbage()
  collectgarbage()
  print 'end'
else
  kept = make()
end
]]

local CALLED = 'core true\nt true\nrunning true\nleash true\ndigest true\noptions true\ncount 0\n'

-- A server in the same process: two finalizers at least run while luvcurl makes strings.
local STRINGS = FINALIZER .. [[
if jit then jit.off() end -- what is compiled may collect where the script makes nothing
local uv = package.loaded.luv or package.loaded.uv or vim and vim.loop or require 'luv'
local curl = require 'luvcurl'
local what = arg[1]
local server, sent = uv.new_tcp(), {}
server:bind('127.0.0.1', 0)
local function serve(c)
  local timer = uv.new_timer()
  c:write(what == 'take' and 'HTTP/1.1 200 OK\r\n\r\n' or 'HTTP/1.1 200 OK\r\n'
    .. 'Transfer-Encoding: chunked\r\n' .. ('X-H: ' .. ('v'):rep(40) .. '\r\n'):rep(300)
    .. '\r\n3\r\nabc\r\n0\r\n')
  local number, busy = 0, false
  timer:start(1, 1, function()
    if busy then return end -- a finalizer runs the loop in the middle of this
    if c:is_closing() or number >= 30000 then
      timer:stop()
      if not c:is_closing() then
        c:write(what == 'take' and '' or '\r\n')
        c:close()
      end
      return
    end
    busy = true
    local lines = {}
    for i = 1, what == 'take' and 3000 or 5 do
      lines[i] = what == 'take' and ('%08d\n'):format(number) or 'T: ' .. ('y'):rep(30) .. '\r\n'
      number = number + (what == 'take' and 1 or 500)
    end
    c:write(table.concat(lines))
    busy = false
  end)
end
server:listen(9, function()
  local c = uv.new_tcp()
  server:accept(c)
  c:read_start(function(_, data)
    if data then serve(c) elseif not c:is_closing() then c:close() end
  end)
end)

local got, depth, ran = {}, 0, 0
for i = 1, 5000 do got[i] = '' end -- so that to keep one needs no memory, and nothing runs then
local n = 0
local t
local function use_all()
  if depth > 0 then return end
  depth, ran = 1, ran + 1
  if what == 'take' then
    local piece = t:take(100)
    if piece then n = n + 1 got[n] = piece end
  end
  pcall(uv.run, 'nowait')
  depth = 0
end
collectgarbage 'setpause'
collectgarbage('setpause', 10)
collectgarbage('setstepmul', 1000)
local res = assert(curl.stream('http://127.0.0.1:' .. server:getsockname().port .. '/',
  { timeout = 20000 }))
t = res.transfer
local piece
repeat
  for _ = 1, 20 do finalizer(use_all) end
  if what == 'take' then
    piece = t:take(1000)
    if piece then n = n + 1 got[n] = piece end
    if not piece and t:state() ~= 'done' then uv.run('once') end
  else
    local names = t:headers('header')
    for i = 3, #names, 2 do assert(names[i] == 'X-H' and names[i + 1] == ('v'):rep(40)) end
    for _, text in ipairs(t:headers('trailer')) do assert(text == 'T' or text == ('y'):rep(30)) end
    assert(t:reason() == 'OK' and t:url():find('^http://127') and t:info('effective_url'))
    uv.run('nowait')
  end
until t:state() == 'done' and not piece
depth = 1
if what == 'take' then
  local number = 0
  for line in table.concat(got):gmatch('[^\n]+') do
    assert(tonumber(line) == number, line .. ' is not number ' .. number)
    number = number + 1
  end
  assert(number == 30000, number)
end
assert(ran > 10, ran) -- how often is a matter of the collector and of time
print 'whole'
io.stdout:flush()
os.exit(0)
]]

--- Runs a script that says what is expected, and nothing else.
local function check(script, args, expected)
  helper.run(function()
    local result = child.run(script, { args = args })
    assert.same({ 0, 0, '', expected }, { result.code, result.signal, result.err, result.out })
  end, child.DEADLINE)
end

describe('a script\'s finalizer', function()
  it('finds of what was collected with it that it is gone, and may close it', function()
    check(GONE, { servers.nginx.url .. '/small', 'collected' }, CALLED .. 'end\n')
  end)

  -- Neovim ends without closing its Lua state.
  if not helper.nvim then
    it('finds the same when the state closes', function()
      check(GONE, { servers.nginx.url .. '/small', 'closed' }, CALLED)
    end)
  end

  -- Neovim's loop and luvi's run already where the script does.
  if not helper.nvim and helper.host ~= 'luvi' then
    for _, what in ipairs { 'take', 'headers' } do
      it('may run the loop while a string is made: ' .. what, function()
        check(STRINGS, { what }, 'whole\n')
      end)
    end
  end
end)
