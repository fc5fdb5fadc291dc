-- A server that does not answer QUIT or LOGOUT does not hold the loop, however its connection ends:
-- libcurl waits up to two minutes for that answer.

local child = require 'spec.support.child'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'

local uv = helper.uv
local MUTE = uv.fs_realpath(debug.getinfo(1, 'S').source:match('^@(.*/)') .. '../support/mute.py')

local SCRIPT = [[
local ftp, pop3, imap, case = arg[1], arg[2], arg[3], arg[4]
local uv = package.loaded.luv or vim and (vim.uv or vim.loop) or require 'luv'
local core, curl = require 'luvcurl_core', require 'luvcurl'

local last, longest = uv.hrtime(), 0
local function look()
  local now = uv.hrtime()
  longest, last = math.max(longest, (now - last) / 1e6), now
end
local timer = uv.new_timer()
timer:start(5, 5, look)

local multi = curl.Multi:new()
local function get(url, fields)
  local all = core.option_kind('protocols_str') and 'all' or -1
  fields = fields or {}
  fields.url, fields.proxy, fields.auth = url, false, fields.auth or { user = 'u', password = 'p' }
  fields.options = fields.options or {}
  fields.options[all == -1 and 'protocols' or 'protocols_str'] = all
  local ended, ok, err
  local transfer = multi:add(fields, function(e, res) ended, ok, err = true, res ~= nil, e end)
  if case == 'cancel' then
    while transfer:state() == 'queued' do uv.run('once') end
    uv.run('nowait')
    transfer:cancel()
  end
  while not ended do uv.run('once') end
  return ok, err
end

local expected = case ~= 'login' and case ~= 'cancel'
local url = ({ pop3 = 'pop3://127.0.0.1:' .. pop3 .. '/',
  imap = 'imap://127.0.0.1:' .. imap .. '/' })[case] or 'ftp://127.0.0.1:' .. ftp .. '/file'
local fields = ({
  forbid_reuse = { options = { forbid_reuse = true } },
  fresh_connect = { options = { fresh_connect = true } },
  verbose = { options = { forbid_reuse = true, verbose = true } },
  login = { auth = { user = 'nobody', password = 'p' } },
  upload = { body = 'abc', options = { upload = true, forbid_reuse = true } },
})[case]
if case == 'limit' then
  multi = curl.Multi:new({ max_connections = 1 })
  for i = 1, 3 do -- another user: another connection
    local ok, err = get(url, { auth = { user = 'u' .. i, password = 'p' } })
    assert(ok, tostring(err))
  end
else
  for _ = 1, 3 do
    local ok, err = get(url, fields)
    assert(ok == expected, tostring(err))
  end
end
look()
if case == 'close' then
  multi:close()
elseif case ~= 'lua_close' then
  multi = nil
  collectgarbage()
  collectgarbage()
  uv.run('nowait')
end
look()
timer:close()
uv.run('nowait')
io.stdout:write(('held %.0f ms'):format(longest))
io.stdout:flush()
]]

describe('a connection whose server is mute', function()
  for _, case in ipairs { 'collect', 'close', 'lua_close', 'forbid_reuse', 'fresh_connect', 'limit',
    'login', 'cancel', 'upload', 'verbose', 'pop3', 'imap' } do
    it('does not hold the loop: ' .. case, function()
      helper.run(function()
        local python = process.find('/usr/bin/python3', 'python3')
        local out, stdin = uv.new_pipe(false), uv.new_pipe(false)
        local server = assert(uv.spawn(python, { args = { MUTE }, stdio = { stdin, out, 2 } },
          function() end))
        helper.defer(function()
          server:kill('sigkill')
          for _, handle in ipairs { server, out, stdin } do
            handle:close()
          end
        end)
        local ports = helper.await(function(done)
          out:read_start(function(_, data)
            if data then
              done(data)
            end
          end)
        end)
        local a, b, c = ports:match('(%d+) (%d+) (%d+)')
        local began = uv.hrtime()
        local result = child.run(SCRIPT, { args = { a, b, c, case }, ms = 50000 })
        local took = (uv.hrtime() - began) / 1e9
        assert.same({ 0, 0 }, { result.code, result.signal }, result.out .. result.err)
        local held = tonumber((result.out .. result.err):match('held (%d+) ms'))
        -- A slow machine holds it, too; the wait for an answer was of two minutes.
        assert.is_true(held < 1000, result.out)
        assert.is_true(took < 20, took)
      end, 60000)
    end)
  end
end)
