-- What an error says of the answer that had come by then.

local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

-- The error of a request by each way to wait for it.
local function errors_of(url, fields)
  fields = fields or {}
  fields.url = url
  local _, waited = curl.get(fields)
  local called
  local co = coroutine.running()
  curl.get(fields, function(err)
    called = err
    helper.resume(co)
  end)
  coroutine.yield()
  return { waited, called }
end

describe('the error of a body that is cut off', function()
  runs('has the response', function()
    local server = fault.half(function() end)
    for _, err in ipairs(errors_of(server.url .. '/x')) do
      assert.equal('PARTIAL_FILE', err.name)
      local res = err.response
      assert.same({ 200, ('a'):rep(1000), '2000', 0, server.url .. '/x' },
        { res.status, res.body, res.headers['content-length'], #res.history, res.url })
      assert.is_nil(err.proxy_status)
    end
  end)

  runs('has the one that the hooks have seen', function()
    local seen
    local _, err = curl.get(fault.half(function() end).url,
      { on_response = function(res) seen = res end })
    assert.equal(seen, err.response)
    assert.equal(1000, #seen.body)
  end)

  runs('has that of a stream', function()
    local res = assert(curl.stream(fault.half(function() end).url))
    local body, err = res:text()
    assert.is_nil(body)
    assert.equal(res, err.response)
  end)
end)

describe('the error of too many redirects', function()
  runs('has the last one, and those before', function()
    local server = echo.serve(function(_, n)
      return { status = 302, headers = { 'Location: /' .. n, 'X-N: ' .. n }, body = 'moved' }
    end)
    local _, err = curl.get(server.url .. '/0', { redirects = 2 })
    assert.equal('TOO_MANY_REDIRECTS', err.name)
    local res = err.response
    assert.same({ 302, '3', server.url .. '/2', 2 },
      { res.status, res.headers['x-n'], res.url, #res.history })
    assert.same({ '1', server.url .. '/0', '2', server.url .. '/1' },
      { res.history[1].headers['x-n'], res.history[1].url,
        res.history[2].headers['x-n'], res.history[2].url })
  end)
end)

describe('the error of a redirect that leads nowhere', function()
  runs('has the redirect', function()
    local server = echo.serve(function()
      return { status = 302, headers = { 'Location: ' .. fault.refused() } }
    end)
    local _, err = curl.get(server.url .. '/0')
    assert.equal('COULDNT_CONNECT', err.name)
    assert.same({ 302, server.url .. '/0', 0 },
      { err.response.status, err.response.url, #err.response.history })
    assert.is_nil(err.url:find(server.url, 1, true))
  end)
end)

describe('the error of a tunnel that a proxy refuses', function()
  runs('has the proxy\'s answer', function()
    local server = echo.serve(function()
      return { status = 503 }
    end)
    for _, err in ipairs(errors_of('https://name.example/', { proxy = server.url })) do
      assert.same({ 503, 503 }, { err.proxy_status, err.response.status })
      assert.equal('https://name.example/', err.response.url)
    end
  end)
end)

describe('the error of a transfer without an answer', function()
  runs('has no response', function()
    local mute = fault.serve(function(conn) conn:request() end)
    for _, url in ipairs { (fault.refused()), mute.url } do
      local _, err = curl.get(url)
      assert.is_nil(err.response)
      assert.is_nil(err.proxy_status)
    end
  end)
end)
