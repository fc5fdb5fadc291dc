-- Every way to end a script, at every moment of a transfer's life, with the loop run afterwards and
-- not: no crash, the host's own exit status, and no more than a second to the end.

local backlog = require 'spec.support.backlog'
local child = require 'spec.support.child'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local LIMIT = 1000   -- ms from the way out to the end of the process
local TIMEOUT = 300  -- ms the transfers have, where the loop runs on
local AT_ONCE = 8    -- processes

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
  ways[way]()
  left = true
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
  ['between requests'] = function() return m.get(url, function() m.get(arg[7], done) end) end,
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

local function problem_of(result, status, began)
  if result.late or result.signal ~= 0 or result.code ~= status then
    return ('late %s, signal %d, status %d: %s'):format(tostring(result.late), result.signal,
      result.code, result.err)
  end
  local left = tonumber((result.out:gsub('\r', '')):match('(%d+)\n'))
  local took = left and began + result.ms - left
  if not took then
    return 'did not come to its way out: ' .. result.err
  elseif took > LIMIT + TIMEOUT then
    return ('took %.0f ms to its end'):format(took)
  end
end

local done = 0

local function try(moment, way, after, status, dir)
  local began = helper.uv.hrtime() / 1e6
  local result = child.run(SCRIPT, { args = { moment[1], moment[2], way, after, dir,
    tostring(TIMEOUT), servers.nginx.url .. '/slow' } })
  return problem_of(result, status, began)
end

describe('teardown by', function()
  local count = 0
  for _, way in ipairs(WAYS) do
    for _, after in ipairs(way[2]) do
      count = count + 1
      it(way[1] .. ', then ' .. after, function()
        local dir = process.temp_dir('teardown')
        helper.defer(function() process.remove_tree(dir) end)
        local list = moments()
        local following, running, problems = 1, 0, {}
        local function worker()
          while list[following] do
            local moment = list[following]
            following = following + 1
            if try(moment, way[1], after, way[3], dir) then
              problems[#problems + 1] = moment
            end
            done = done + 1
          end
          running = running - 1
        end
        for _ = 1, AT_ONCE do
          running = running + 1
          coroutine.wrap(worker)()
        end
        helper.wait_for(function() return running == 0 end, 60000)
        -- What went wrong beside others counts when it does alone too: the limit is a short one.
        helper.run(function()
          for _, moment in ipairs(problems) do
            local problem = try(moment, way[1], after, way[3], dir)
            assert(not problem, ('%s: %s'):format(moment[1], problem or ''))
          end
        end, 60000)
      end)
    end
  end

  it(('%d ways at 13 moments'):format(count), function()
    assert.equal(helper.nvim and 10 or 14, count)
    assert.equal(count * 13, done)
  end)
end)
