-- A request ends at its own time, wherever it waits, and does not live off those before it.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'

local function https(server)
  return (server.url:gsub('^http:', 'https:')) .. '/'
end

describe('behind a request that waits for a silent server,', function()
  -- libcurl has the second one wait for the first one's connection, which might carry both.
  for field, words in pairs { timeout = 'not done within 200 ms',
    connect_timeout = 'no connection within 200 ms' } do
    it(field .. ' ends another at its own time', function()
      local server = fault.silent()
      local multi = curl.Multi:new()
      local first = multi:add({ url = https(server), timeout = 20000 },
        helper.expect(1, function(err) assert.equal('ABORTED_BY_CALLBACK', err.name) end))
      local began = helper.uv.hrtime()
      multi:add({ url = https(server), [field] = 200 }, helper.expect(1, function(err)
        assert.equal('OPERATION_TIMEDOUT', err.name)
        assert.matches(words, err.message)
        local ms = (helper.uv.hrtime() - began) / 1e6
        assert.is_true(ms >= 200 and ms < 5000, ms)
        first:cancel()
      end))
      helper.run(function() end)
    end)
  end
end)

it('a held upload that is cancelled was never in the queue', function()
  local multi = curl.Multi:new()
  for _ = 1, 3 do
    multi:add({ url = 'http://127.0.0.1:1/', method = 'PUT', body = { file = '/proc/self/exe' } },
      helper.expect(1, function(err) assert.equal('ABORTED_BY_CALLBACK', err.name) end)):cancel()
  end
  assert.equal(0, multi:stats().queued)
  helper.run(function() end)
  assert.equal(0, multi:stats().queued)
end)

it('a request that answers challenges does so anew each time', function()
  local asked = {}
  local server = fault.serve(function(conn)
    while true do
      local head = conn:head()
      if not head then
        return
      end
      local given = (head.headers.authorization or ''):match('^%w+')
      asked[#asked + 1] = given or 'none'
      local body = given and 'in' or 'out'
      conn:send(('HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s'):format(
        given and '200 OK' or '401 No', #body,
        given and '' or 'WWW-Authenticate: Basic realm="x"\r\n', body))
    end
  end)
  helper.run(function()
    local request = { url = server.url, auth = { user = 'u', password = 'p', scheme = 'any' } }
    for _ = 1, 2 do
      assert.equal(200, assert(curl.get(request)).status)
    end
    assert.same({ 'none', 'Basic', 'none', 'Basic' }, asked)
  end)
end)
