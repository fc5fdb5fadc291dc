-- More than one luvcurl in a Lua state: required anew while transfers are in flight, as every
-- reload of a plugin does; a second copy of its files, as a dependency brings one along; another
-- version.

local curl = require 'luvcurl'

local backlog = require 'spec.support.backlog'
local child = require 'spec.support.child'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local PRELUDE = [[
local uv = package.loaded.luv or package.loaded.uv or vim and vim.loop or require 'luv'
local unpack = table.unpack or unpack
local hosted = package.loaded.uv and not package.loaded.luv and not vim
local told = {}
local function say(...)
  local words = { ... }
  for i, word in ipairs(words) do words[i] = tostring(word) end
  told[#told + 1] = table.concat(words, ' ')
end

local function fresh()
  for name in pairs(package.loaded) do
    if tostring(name):match('^luvcurl') then package.loaded[name] = nil end
  end
  return require 'luvcurl'
end

-- Says what was told when all of it was, or ten seconds have passed.
local function finish(count)
  local function is_over() return #told >= count end
  local function report()
    table.sort(told)
    io.stdout:write(table.concat(told, '\n'), '\n')
    io.stdout:flush()
  end
  if vim then
    vim.wait(10000, is_over, 5)
    return report()
  end
  local timer, began = uv.new_timer(), uv.hrtime()
  timer:start(10, 10, function()
    if is_over() or uv.hrtime() - began > 1e10 then
      timer:stop()
      report()
      os.exit(0)
    end
  end)
  if not hosted then uv.run() end
end
]]

-- arg: the moment, its URL, one that answers, one that does not
local RELOAD = PRELUDE .. [[
local moment, url, small, silent = unpack(arg)
local curl = require 'luvcurl'
local m = curl.Multi:new()
local once = false
local function reload()
  if once then return end
  once = true
  local new = fresh()
  collectgarbage()
  collectgarbage()
  new.get(small, function(err, res) say('new', err or res.status) end)
  curl.get(small, function(err, res) say('old again', err or res.status) end)
  coroutine.wrap(function()
    local res, err = new.get(small)
    say('new waits', err or res.status)
  end)()
  if moment == 'then close' then
    m:close(function() say('closed') end)
  elseif moment == 'then cancel' then
    ended:cancel()
  end
  curl = nil
  collectgarbage()
  collectgarbage()
end

local request = { url = url, timeout = 500 }
for _, hook in ipairs { 'on_response', 'on_data', 'on_progress' } do
  if moment == hook then request[hook] = reload end
end
if moment == 'a body function' then
  request.body = function() reload() return nil end
end
ended = m:add(request, function(err, res)
  say('old', err and err.name or res.status)
  if moment == 'the final callback' then reload() end
end)
coroutine.wrap(function()
  local res, err = curl.get { url = silent, timeout = 500 }
  say('old waits', err and err.name or res.status)
end)()
coroutine.wrap(function()
  local res = assert(curl.stream { url = small, timeout = 5000 })
  if moment == 'a stream' then reload() end
  local text = res:read()
  say('stream', #text, res:read())
end)()
if moment:match('^after') or moment:match('^then') then
  local timer = uv.new_timer()
  uv.update_time()
  timer:start(60, 0, reload)
elseif moment == 'before the start' then
  reload()
end
finish(moment == 'then close' and 7 or 6)
]]

local ALWAYS = 'new 200\nnew waits 200\nold %s\nold again 200\nold waits OPERATION_TIMEDOUT\n'
  .. 'stream 12\n'

local function moments()
  local silent, nginx = fault.silent().url, servers.nginx.url
  return silent, {
    { 'before the start', nginx .. '/small', 200 },
    { 'after 60 ms, connecting', backlog.full(), 'OPERATION_TIMEDOUT' },
    { 'after 60 ms, waiting', silent, 'OPERATION_TIMEDOUT' },
    { 'after 60 ms, in the body', nginx .. '/slow', 'OPERATION_TIMEDOUT' },
    { 'after 60 ms, in the handshake', (silent:gsub('^http', 'https')), 'OPERATION_TIMEDOUT' },
    { 'after its end', nginx .. '/small', 200 },
    { 'then close', silent, 'ABORTED_BY_CALLBACK', 'closed\n' },
    { 'then cancel', silent, 'ABORTED_BY_CALLBACK' },
    { 'on_response', nginx .. '/small', 200 },
    { 'on_data', nginx .. '/small', 200 },
    { 'on_progress', nginx .. '/1m', 200 },
    { 'a body function', nginx .. '/sink', 200 },
    { 'the final callback', nginx .. '/small', 200 },
    { 'a stream', nginx .. '/small', 200 },
  }
end

describe('luvcurl required anew', function()
  it('while transfers are in flight, at every moment, loses none', function()
    local silent, list = moments()
    local results, left = {}, #list
    for i, moment in ipairs(list) do
      helper.resume(coroutine.create(function()
        results[i] = child.run(RELOAD, { args = { moment[1], moment[2],
          servers.nginx.url .. '/small', silent } })
        left = left - 1
      end))
    end
    helper.wait_for(function() return left == 0 end, 60000)
    for i, moment in ipairs(list) do
      local expected = (moment[4] or '') .. ALWAYS:format(moment[3])
      assert.same({ 0, 0, '', expected },
        { results[i].code, results[i].signal, results[i].err, results[i].out }, moment[1])
    end
  end)
end)

-- Two folders with a luvcurl each, the second as another version would have it.
local COPY_PRELUDE = PRELUDE .. [[
local path, cpath = package.path, table.remove(arg)
local function load_from(dir)
  package.path = dir .. '/?.lua;' .. dir .. '/?/init.lua;' .. path
  package.cpath = dir .. '/?.so;' .. cpath
  local curl = fresh()
  return curl, require 'luvcurl_core'
end
]]

local COPIES = COPY_PRELUDE .. [[
local first, second, url, ca, how = unpack(arg)
local a, core_a = load_from(first)
local m = a.Multi:new()
local function start(curl, name)
  for i = 1, 20 do
    curl.get({ url = url .. '/1m', tls = { ca_file = ca } }, function(err, res)
      say(name, err or #res.body)
      if i % 5 == 0 then collectgarbage() end
    end)
  end
  coroutine.wrap(function()
    local res, err = curl.get({ url = url .. '/slow', timeout = 300, tls = { ca_file = ca } })
    say(name, err and err.name or res.status)
  end)()
end

local function both()
  local b, core_b = load_from(second)
  start(b, 'b')
  -- Neither takes what is the other's.
  for name, other in pairs { multi = b.Multi:new().core, options = core_b.options {} } do
    local call = name == 'multi' and function() return m.core.count(other) end
      or function() return m.core:add(other, url, {}) end
    local ok, err = pcall(call)
    say(name, ok, (tostring(err):gsub('^.-(luvcurl%.)', '%1'):gsub('%)$', '')))
  end
  assert(debug.getmetatable(m.core) ~= debug.getmetatable(b.Multi:new().core))
  say('versions', a.version().luvcurl == b.version().luvcurl)
end
start(a, 'a')
if how == 'in flight' then
  local timer = uv.new_timer()
  uv.update_time()
  timer:start(5, 0, both)
else
  both()
end
collectgarbage()
finish(45)
]]

-- What one has not used yet is its own nevertheless when the other has come.
local LATE = COPY_PRELUDE .. [[
local first, second, silent = unpack(arg)
local a = load_from(first)
a.get(silent, function(err) say('a', err.name) end)
local b = load_from(second)
b.get(silent, function(err) say('b', err.name) end)
a.shutdown(function()
  say('over:', told[#told])
  b.shutdown()
end)
finish(3)
]]

local function replaced(bytes, from, to)
  local parts, at = {}, 1
  for start, stop in function() return bytes:find(from, at, true) end do
    parts[#parts + 1] = bytes:sub(at, start - 1) .. to
    at = stop + 1
  end
  return table.concat(parts) .. bytes:sub(at)
end

local function copied_to(dir, version)
  local build, own_version = os.getenv('LUVCURL_BUILD'), curl.version().luvcurl
  process.shell(('cp -r lua/luvcurl "%s"'):format(dir.path))
  for _, name in ipairs { 'luvcurl_core.so', 'luvcurl_impl.so' } do
    local bytes = process.read_file(build .. '/' .. name)
    if version then
      local own = '\0' .. own_version .. '\0'
      assert(#version == #own_version)
      bytes = replaced(bytes, own, '\0' .. version .. '\0')
    end
    dir:write(name, bytes)
  end
  return dir.path
end

local EXPECTED = (('a 1048576\n'):rep(20) .. 'a OPERATION_TIMEDOUT\n' .. ('b 1048576\n'):rep(20)
  .. 'b OPERATION_TIMEDOUT\nmulti false luvcurl.multi expected, got userdata\n'
  .. 'options false luvcurl.options expected, got userdata\nversions %s\n')

describe('two copies of luvcurl', function()
  for _, version in ipairs { 'same', 'another' } do
    for _, how in ipairs { 'at once', 'in flight' } do
      it(('of %s version, %s, leave each other alone'):format(version, how), function()
        helper.run(function()
          local first = copied_to(folder.new())
          local second = copied_to(folder.new(), version == 'another' and '9.9.9' or nil)
          local result = child.run(COPIES, { args = { first, second, servers.nginx.tls_url,
            servers.certs.ca, how, package.cpath } })
          assert.same({ 0, 0, '', EXPECTED:format(tostring(version == 'same')) },
            { result.code, result.signal, result.err, result.out })
        end, child.DEADLINE)
      end)
    end

    it(('of %s version run what they have not used yet by their own modules'):format(version),
      function()
        helper.run(function()
          local first = copied_to(folder.new())
          local second = copied_to(folder.new(), version == 'another' and '9.9.9' or nil)
          local result = child.run(LATE, { args = { first, second, fault.silent().url,
            package.cpath } })
          assert.same({ 0, 0, '', 'a SHUT_DOWN\nb SHUT_DOWN\nover: a SHUT_DOWN\n' },
            { result.code, result.signal, result.err, result.out })
        end, child.DEADLINE)
      end)
  end
end)
