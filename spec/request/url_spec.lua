-- What of a URL reaches the server.

local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

describe('a URL', function()
  runs('reaches the server as it was written', function()
    local server = echo.serve()
    for _, each in ipairs {
      { '/a?', '/a?' }, { '/a?#x', '/a?' }, { '/a', '/a' }, { '/a b?c d', '/a%20b?c+d' },
      { '/a/../b', '/b' },
    } do
      assert(curl.get(server.url .. each[1]))
      assert.equal(each[2], server.asked[#server.asked].path)
    end
    assert(curl.get((server.url:gsub('//', '/')) .. '/one'))
    assert.equal('/one', server.asked[#server.asked].path)
    -- A path, and no host: the call does not raise.
    curl.get('file:/etc/hostname', { options = { protocols_str = 'file' } }, helper.expect(1))
  end)

  runs("is read as libcurl's options say", function()
    local server = echo.serve()
    assert(curl.get(server.url .. '/a/../b/./c', { options = { path_as_is = true } }))
    assert.equal('/a/../b/./c', server.asked[1].path)
    local ok, why = pcall(curl.get, (server.url:gsub('//', '//user:secret@')) .. '/',
      { options = { disallow_username_in_url = true } })
    assert.is_false(ok)
    assert.is_nil(why:find('secret', 1, true))
    assert(curl.get((server.url:gsub('^http://', '')) .. '/d',
      { options = { default_protocol = 'http' } }))
    assert.equal('/d', server.asked[2].path)
  end)

  runs('has its host in UTF-8, whatever the locale', function()
    local server = echo.serve()
    local port = server.url:match('%d+$')
    local res = assert(curl.get('http://bücher.invalid:' .. port .. '/', {
      options = { resolve = { 'xn--bcher-kva.invalid:' .. port .. ':127.0.0.1' } },
    }))
    assert.equal('xn--bcher-kva.invalid:' .. port, server.asked[1].headers.host)
    assert.equal('http://xn--bcher-kva.invalid:' .. port .. '/', res.url)
  end)

  runs('has its host in UTF-8 where a redirect leads, too', function()
    local server = echo.serve()
    local port = server.url:match('%d+$')
    local from = fault.serve(fault.response { status = 302,
      headers = { ('Location: http://bücher.invalid:%s/x'):format(port) } })
    local res, err = curl.get(from.url, { timeout = 20000,
      options = { resolve = { 'xn--bcher-kva.invalid:' .. port .. ':127.0.0.1' } },
    })
    assert.is_nil(err, tostring(err))
    assert.equal('xn--bcher-kva.invalid:' .. port, server.asked[1].headers.host)
    assert.equal('http://xn--bcher-kva.invalid:' .. port .. '/x', res.url)
  end)

  runs('is joined to the path of its base_url', function()
    local server = echo.serve()
    for _, each in ipairs {
      { '/v1', 'users', '/v1/users' }, { '/v1', '/users', '/v1/users' },
      { '/v1/', 'users', '/v1/users' }, { '', 'users', '/users' }, { '/v1', '', '/v1' },
      { '/v1', 'a:b', '/v1/a:b' }, { '/v1', server.url .. '/x', '/x' },
    } do
      assert(curl.get { base_url = server.url .. each[1], url = each[2] })
      assert.equal(each[3], server.asked[#server.asked].path)
    end
    local ok, why = pcall(curl.get, { base_url = server.url .. '/?a=1', url = 'x' })
    assert.is_false(ok)
    assert.matches('request.base_url: must have neither', why)
  end)

  runs('and headers of thousands of entries take linear time', function()
    local many = {}
    for i = 1, 30000 do many[i] = { 'name' .. i, 'value' .. i } end
    local began = os.clock()
    local t = curl.get({ url = 'http://127.0.0.1:1/', headers = many }, function() end)
    t:cancel()
    t = curl.get({ url = 'http://127.0.0.1:1/', query = many }, function() end)
    t:cancel()
    assert.is_true(os.clock() - began < 1.5, os.clock() - began)
  end)
end)
