-- Every way to end a script, at every moment of a transfer's life, with the loop run afterwards and
-- not: no crash, the host's own exit status, and no more than a second to the end.

local backlog = require 'spec.support.backlog'
local exits = require 'spec.support.exits'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local TIMEOUT = 300 -- ms the transfers have, where the loop runs on

local SCRIPT = [[
local uv = package.loaded.luv or package.loaded.uv or vim and vim.loop or require 'luv'
local curl = require 'luvcurl'
local moment, url, way, after, dir = arg[1], arg[2], arg[3], arg[4], arg[5]
local m = curl.session { timeout = tonumber(arg[6]), tls = { verify = false },
  max_concurrent = moment == 'queued' and 1 or nil }
local hosted = package.loaded.uv and not package.loaded.luv and not vim

local ways = {
  ['os.exit'] = function() os.exit(3) end,
  ['os.exit and close'] = function() os.exit(3, true) end,
  ['qa!'] = function() vim.cmd 'qa!' end,
  ['the end'] = function() end,
  ['uv.stop'] = function() uv.stop() end,
  ['uv.walk'] = function()
    uv.walk(function(handle) if not handle:is_closing() then handle:close() end end)
  end,
  ['uv.loop_close'] = function() assert(not uv.loop_close()) end,
  ['Multi:close'] = function() m.multi:close() end,
  ['collection'] = function()
    m, last = nil, nil
    collectgarbage()
    collectgarbage()
  end,
}

local left = false
local function leave()
  io.stdout:write(('%.0f\n'):format(uv.hrtime() / 1e6))
  io.stdout:flush()
  left = true
  ways[way]()
  if hosted and after == 'leave' then
    uv.stop()
  end
end

local function done() end
local begin = {
  queued = function()
    m.get(url, done)
    return m.get(url, done)
  end,
  paused = function()
    local t = m.get(url, done)
    t:pause()
    return t
  end,
  -- Its first may be over only now: then there is nothing more to start.
  ['between requests'] = function()
    return m.get(url, function() return not left and m.get(arg[7], done) end)
  end,
  sending = function() return m.put(url, { body = ('x'):rep(2 ^ 24) }, done) end,
  upload = function()
    return m.put(url, { body = function() return ('x'):rep(65536) end }, done)
  end,
  download = function() return m.download(url, dir .. '/' .. way:gsub('%W', '') .. after, done) end,
}
last = (begin[moment] or function() return m.get(url, done) end)()

if hosted then
  uv.new_timer():start(60, 0, leave)
  return
end
if vim then
  vim.wait(60, function() end, 5)
else
  local over = false
  local timer = uv.new_timer()
  uv.update_time()
  timer:start(60, 0, function() over = true end)
  while not over do uv.run('once') end
end
leave()
if after == 'run' and vim then
  vim.wait(400, function() return not m or m.multi:count() == 0 end, 5)
elseif after == 'run' then
  uv.run()
elseif way == 'uv.walk' then
  uv.run('nowait') -- COMPAT: luv 1.44.2 crashes when a closed handle's callback never runs
end
]]

local function moments()
  local silent, nginx = fault.silent().url, servers.nginx
  local slow = nginx.url .. '/slow'
  return {
    { 'queued', silent },
    { 'resolving', 'http://no-such-host.invalid/' },
    { 'connecting', backlog.full() },
    { 'TLS handshake', (silent:gsub('^http', 'https')) },
    { 'sending', silent },
    { 'waiting', silent },
    { 'in the body', slow },
    { 'paused', slow },
    { 'after its end', nginx.url .. '/small' },
    { 'between requests', nginx.url .. '/small' },
    { 'upload', silent },
    { 'download', slow },
    { 'an HTTP/2 stream', nginx.tls_url .. '/slow' },
  }
end

local BOTH = { 'run', 'leave' }
local WAYS = {
  { 'os.exit', { 'leave' }, 3 }, { 'the end', BOTH, 0 }, { 'uv.loop_close', BOTH, 0 },
  { 'Multi:close', BOTH, 0 }, { 'collection', BOTH, 0 },
}
if helper.nvim then
  WAYS[#WAYS + 1] = { 'qa!', { 'leave' }, 0 }
else -- its state and its loop are not ours to end; its own uv.walk aborts
  WAYS[#WAYS + 1] = { 'os.exit and close', { 'leave' }, 3 }
  WAYS[#WAYS + 1] = { 'uv.stop', BOTH, 0 }
  WAYS[#WAYS + 1] = { 'uv.walk', BOTH, 0 }
end

local function at_all_moments(way, after)
  local dir, list = folder.new().path, {}
  for i, moment in ipairs(moments()) do
    list[i] = { name = moment[1], status = way[3], args = { moment[1], moment[2], way[1], after,
      dir, tostring(TIMEOUT), servers.nginx.url .. '/slow' } }
  end
  return list
end

describe('teardown by', function()
  local count, done = 0, 0
  for _, way in ipairs(WAYS) do
    for _, after in ipairs(way[2]) do
      count = count + 1
      it(way[1] .. ', then ' .. after, function()
        done = done + exits.all(SCRIPT, at_all_moments(way, after), exits.LIMIT + TIMEOUT)
      end)
    end
  end

  it(('%d ways at 13 moments'):format(count), function()
    assert.equal(helper.nvim and 10 or 14, count)
    assert.equal(count * 13, done)
  end)
end)
