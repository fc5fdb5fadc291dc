-- libcurl's handles are used again for requests that are alike: nothing of one may show in another.

local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

describe('a request after others like it', function()
  runs('has not their RTSP session', function()
    local heads = {}
    local function serve()
      return fault.serve(function(conn)
        local request = conn:head()
        while request do
          heads[#heads + 1] = request.headers
          conn:send(('RTSP/1.0 200 OK\r\nCSeq: %s\r\nSession: secret\r\n\r\n'):format(
            request.headers.cseq))
          request = conn:head()
        end
      end)
    end
    local session = curl.session()
    helper.defer(function() session.close() end)
    for i = 1, 3 do
      local res, err = session.get('rtsp' .. serve().url:sub(5), { timeout = 20000,
        options = { protocols_str = 'rtsp', rtsp_request = 1, rtsp_stream_uri = '*' } })
      assert.is_nil(err, tostring(err))
      assert.equal(200, res.status)
      assert.same({ '1' }, { heads[i].cseq, heads[i].session })
    end
  end)

  -- libcurl 7.88 forgets it when a handle is reset, and not before.
  runs('has not the error of an address that another had tried', function()
    local server = echo.serve()
    local port = server.url:match('%d+$')
    local options = { resolve = { ('two.invalid:%s:127.0.0.99,127.0.0.1'):format(port) } }
    local session = curl.session()
    helper.defer(function() session.close() end)
    local url = ('http://two.invalid:%s/'):format(port)
    local first = assert(session.get(url, { options = options }))
    assert.is_true(first:info('os_errno') ~= 0)
    local second = assert(session.get(url, { options = options }))
    assert.equal(0, second:info('os_errno'))
  end)

  runs('is repeated on a new connection under its own URL', function()
    local paths = {}
    local server = fault.serve(function(conn)
      local first = #paths == 0
      local request = conn:request()
      if not request then
        return
      end
      paths[#paths + 1] = request.path
      conn:send(fault.response { body = 'ok' })
      if first then
        -- The second request meets a connection that is about to go.
        request = conn:head()
        paths[#paths + 1] = request and request.path
        return
      end
      conn:stall()
    end)
    assert(curl.get(server.url .. '/first'))
    local res = assert(curl.get(server.url .. '/second'))
    assert.same({ '/first', '/second', '/second' }, paths)
    assert.equal(server.url .. '/second', res.url)
  end)

  runs('answers a challenge under its own URL', function()
    local base = servers.httpbin.url
    for _, realm in ipairs { 'auth', 'auth-int', 'auth' } do
      local path = ('%s/digest-auth/%s/user/pass'):format(base, realm)
      local res = assert(curl.get(path, { auth = { user = 'user', password = 'pass',
        scheme = 'digest' } }))
      assert.equal(200, res.status)
      assert.equal(path, res.url)
    end
  end)

  runs('tells its own URL as a referrer, in its history and while it runs', function()
    local server = echo.serve(function(request)
      if request.path:find('/from', 1, true) then
        return { status = 302, headers = { 'Location: /to' } }
      end
      return { body = 'ok' }
    end)
    assert(curl.get(server.url .. '/else'))
    local res = assert(curl.get(server.url .. '/from'))
    assert.equal(server.url .. '/from', res.history[1].url)
    local during
    assert(curl.get(server.url .. '/x', { on_response = function() end }))
    assert(curl.get(server.url .. '/y', { on_response = function(r) during = r.url end }))
    assert.equal(server.url .. '/y', during)
    assert(curl.get(server.url .. '/ref', { options = { autoreferer = true } }))
    assert(curl.get(server.url .. '/from/ref', { options = { autoreferer = true } }))
    assert.equal(server.url .. '/from/ref', server.asked[#server.asked].headers.referer)
  end)

  runs('is not taken for its predecessor when secrets are held back', function()
    local other = echo.serve()
    local server = echo.serve(function()
      return { status = 302, headers = { 'Location: ' .. other.url .. '/x' } }
    end)
    local function request(url)
      return { url = url, headers = { ['X-Api-Key'] = 'sesame' } }
    end
    assert(curl.get(request(other.url)))
    assert(curl.get(request(server.url)))
    assert.equal('sesame', other.asked[1].headers['x-api-key'])
    assert.equal('/x', other.asked[2].path)
    assert.is_nil(other.asked[2].headers['x-api-key'])
  end)

  runs('has no body, headers or credentials of theirs', function()
    local server = echo.serve()
    assert(curl.post(server.url, { body = 'secret', headers = { ['X-A'] = '1' }, auth = 'a:b' }))
    assert(curl.post(server.url, { body = 'other', headers = { ['X-A'] = '1' }, auth = 'a:b' }))
    assert(curl.post(server.url))
    assert(curl.get(server.url))
    assert.equal('other', server.asked[2].body)
    assert.equal('', server.asked[3].body)
    for i = 3, 4 do
      assert.is_nil(server.asked[i].headers['x-a'])
      assert.is_nil(server.asked[i].headers.authorization)
    end
    assert.equal('GET', server.asked[4].method)
  end)
end)
