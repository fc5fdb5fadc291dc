-- The end of the process, of the loop and of the Lua state, at every moment of a transfer's life:
-- no crash, no hang, and the exit status that the host would have had without luvcurl.

local backlog = require 'spec.support.backlog'
local child = require 'spec.support.child'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local host = helper.host
local LIMIT = 5000 * helper.slower -- ms a process may take, from its start to its end

-- leave(): the way; moment: where it is taken. The transfers would end by their timeout.
local SCRIPT = [[
local uv = package.loaded.luv or package.loaded.uv or vim and vim.loop or require 'luv'
local curl = require 'luvcurl'
local moment, url = arg[1], arg[2]
local host_runs_loop = package.loaded.uv and not package.loaded.luv and not vim
local m = curl.Multi:new { max_concurrent = 3 }
local again = true
local timeout = os.getenv 'LUVCURL_VALGRIND' and 10000 or 1000

local ways = {
  exit_close = function() os.exit(3, true) end,
  exit = function() os.exit(3) end,
  stop = function()
    uv.stop()
    again = false
  end,
  walk = function()
    uv.walk(function(handle) if not handle:is_closing() then handle:close() end end)
  end,
  loop_close = function()
    local ok, err, name = uv.loop_close()
    assert(not ok and name == 'EBUSY', tostring(err))
  end,
  close = function()
    m:close(function()
      closed = true
      io.stderr:write('closed\n')
    end)
  end,
  error = function() error('the script went wrong', 0) end,
}
local way = ways[arg[3] ]
local left
local function leave()
  if not left then
    left = true
    way()
  end
end

local request = { url = url, timeout = timeout }
if moment == 'on_data' or moment == 'on_response' or moment == 'on_progress' then
  request[moment] = leave
elseif moment == 'a body function' then
  request.body = function() leave() return 'more' end
end
local function final()
  if moment == 'the final callback' then
    leave()
  end
end
-- Another one, which waits, and one more in the queue.
for _ = 1, 3 do
  m:add({ url = arg[4], timeout = timeout }, function() end)
end
m:add(request, final)

local function run(ms)
  if vim then
    vim.wait(ms, function() return left end, 1)
  else
    local timer = uv.new_timer()
    local over = false
    uv.update_time()
    -- Not closed: luv 1.44.2 crashes when a closed handle's callback never runs.
    timer:start(ms, 0, function() over = true end)
    while not over and not left and uv.run('once') do end
  end
end

local ms = tonumber(arg[5])
if ms and host_runs_loop then
  -- there the script is a coroutine, and the host runs the loop
  local timer = uv.new_timer()
  timer:start(math.max(ms, 1), 0, leave)
elseif ms then
  if ms > 0 then
    run(ms)
  end
  leave()
elseif not host_runs_loop then
  run(2 * timeout)
end
if again and not vim and not host_runs_loop then
  uv.run()
elseif again and vim then
  vim.wait(1.5 * timeout, function() return m:count() == 0 and (closed or way ~= ways.close) end, 1)
end
]]

-- Name, URL and after how many milliseconds the main chunk leaves; without, a callback does.
local function moments()
  local silent, nginx = fault.silent().url, servers.nginx.url
  return silent, {
    { 'before the start', silent, 0 },
    { 'while it connects', backlog.full(), 60 },
    { 'during TLS', (silent:gsub('^http', 'https')), 60 },
    { 'while it waits', silent, 60 },
    { 'in the body', nginx .. '/slow', 60 },
    { 'after its end', nginx .. '/small', 60 },
    { 'the final callback', nginx .. '/small' },
    { 'on_response', nginx .. '/1m' },
    { 'on_data', nginx .. '/1m' },
    { 'on_progress', nginx .. '/slow' },
    { 'a body function', nginx .. '/sink' },
  }
end

local function in_callback(moment)
  return not moment[3] or host == 'luvi'
end

-- The status that this way out has in this host.
local STATUS = {
  exit_close = function() return 3 end,
  exit = function() return 3 end,
  error = function(moment)
    if host == 'nvim' then
      return 0 -- says so and goes on
    end
    return in_callback(moment) and 255 or 1
  end,
}

-- An error in these ends the transfer, not the process.
local SWALLOWS = {
  on_response = true, on_data = true, on_progress = true, ['a body function'] = true,
}

-- The state is closed, and nobody has run the loop: what was started is told of. PUC Lua 5.1 closes
-- none in os.exit; luvi runs the loop after the script.
local RUNS = host == 'luvi' or host == 'nvim'
local NEVER_RUN = { exit_close = host ~= 'lua5.1' and not RUNS, stop = not RUNS }

local function check(way, moment, result)
  local where = ('%s, %s: %s'):format(way, moment[1], result.err)
  local status = STATUS[way] and STATUS[way](moment) or 0
  if way == 'error' and SWALLOWS[moment[1]] then
    status = 0
  end
  assert.is_false(result.late, where)
  assert.equal(0, result.signal, where)
  assert.equal(status, result.code, where)
  assert.is_true(result.ms < LIMIT, ('%s took %.0f ms'):format(where, result.ms))
  if way == 'close' then
    assert.matches('closed', result.err, nil, nil, where)
  elseif way == 'error' and not SWALLOWS[moment[1]] then
    assert.matches('the script went wrong', result.err, nil, nil, where)
  elseif moment[1] == 'before the start' and NEVER_RUN[way] then
    assert.matches('^luvcurl: 4 transfers never began: [^\n]*\n$', result.err, nil, nil, where)
  elseif host ~= 'nvim' then
    assert.equal('', result.err, where)
  end
end

local WAYS = { 'exit', 'exit_close', 'stop', 'walk', 'loop_close', 'close', 'error' }

-- Neovim closes its Lua state itself, once it is done: closing it under its feet crashes it. Its
-- own uv.walk aborts, and its loop is not ours to stop.
local NOT_IN_NEOVIM = { exit_close = true, walk = true, stop = true }

describe('teardown by', function()
  for _, way in ipairs(WAYS) do
    if not (host == 'nvim' and NOT_IN_NEOVIM[way]) then
      it(way, function()
        local silent, list = moments()
        local left = #list
        local results = {}
        for i, moment in ipairs(list) do
          coroutine.wrap(function()
            results[i] = child.run(SCRIPT, { args = { moment[1], moment[2], way, silent,
              moment[3] and tostring(moment[3]) or nil } })
            left = left - 1
          end)()
        end
        helper.wait_for(function() return left == 0 end, 40000)
        for i, moment in ipairs(list) do
          check(way, moment, results[i])
        end
      end)
    end
  end

  if host ~= 'nvim' then
    it('a state closed with responses, streams and Multis alive', function()
      local result
      helper.run(function()
        result = child.run([[
          local curl = require 'luvcurl'
          keep = { curl = curl }
          local function work()
            for i = 1, 3 do
              keep[#keep + 1] = assert(curl.get(arg[1] .. '/1k'))
              keep[#keep + 1] = assert(curl.stream(arg[1] .. '/1m?rate=100k'))
              keep[#keep + 1] = curl.Multi:new()
              keep[#keep + 1] = curl.session { base_url = arg[1] }
            end
            keep.meta = setmetatable({}, { __gc = function() return keep[1].headers end })
            os.exit(4, true)
          end
          coroutine.wrap(work)()
          if not package.loaded.uv then
            require 'luv'.run()
          end
        ]], { args = { servers.nginx.url } })
      end, child.DEADLINE)
      assert.same({ 4, 0, '' }, { result.code, result.signal, result.err })
    end)
  end
end)
