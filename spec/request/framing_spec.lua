-- What says where a request ends is true: Content-Length, Transfer-Encoding, Expect.

local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local helper = require 'spec.support.helper'
local refused = require 'spec.support.refusal'

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

describe('the end of a request', function()
  it('is not said wrongly', function()
    for _, body in ipairs { { 'body', 'abc' }, { 'json', { 1, 2 } }, { 'form', { a = 1 } } } do
      refused({ [body[1]] = body[2], headers = { ['Content-Length'] = 2 } },
        'Content%-Length: 2 is not the size of the body, %d bytes')
      refused({ [body[1]] = body[2], headers = { ['Content-Length'] = false } }, 'Content%-Length')
      refused({ [body[1]] = body[2], headers = { ['Transfer-Encoding'] = 'gzip' } },
        'is not how the body is sent')
    end
    refused({ multipart = { a = 'x' }, headers = { ['Content-Length'] = 2 } }, 'Content%-Length')
    refused({ body = 'abc', headers = { ['content-length'] = { 3, 4 } } }, 'two different values')
    refused({ headers = { ['Content-Length'] = 10 } }, 'is not the size of the body')
    refused({ headers = { ['Transfer-Encoding'] = 'chunked' } }, 'Transfer%-Encoding')
    refused({ body = function() end, headers = { ['Transfer-Encoding'] = false } },
      'Transfer%-Encoding')
    refused({ body = 'abc', headers = { ['Content-Length'] = 3,
      ['Transfer-Encoding'] = 'chunked' } }, 'exclude each other')
    refused({ body = 'abc', options = { httpheader = { 'content-length: 1' } } }, "field 'headers'")
  end)

  runs('may be said rightly', function()
    local server = echo.serve()
    assert(curl.post(server.url .. '/', { body = 'abc', headers = { ['content-length'] = 3 } }))
    assert.same({ '3' }, echo.values(server.asked[1], 'content-length'))
    assert.equal('abc', server.asked[1].body)
  end)

  runs('is said where there is no body, and no type with it', function()
    local server = echo.serve()
    for i, method in ipairs { 'POST', 'PUT', 'PATCH' } do
      assert(curl.request { url = server.url .. '/', method = method })
      local asked = server.asked[i]
      assert.equal(method, asked.method)
      assert.same({ '0' }, echo.values(asked, 'content-length'))
      assert.same({}, echo.values(asked, 'content-type'))
    end
    assert(curl.delete(server.url .. '/'))
    assert.same({}, echo.values(server.asked[4], 'content-length'))
  end)

  runs('is not waited for by Expect unless asked for', function()
    local server = echo.serve()
    local large = ('x'):rep(2000000)
    assert(curl.put(server.url .. '/', { body = large }))
    assert.same({}, echo.values(server.asked[1], 'expect'))
    assert.equal(#large, #server.asked[1].body)
    local given = false
    assert(curl.put(server.url .. '/', { body = function()
      given = not given
      return given and 'abc' or nil
    end }))
    assert.same({}, echo.values(server.asked[2], 'expect'))
    assert(curl.put(server.url .. '/', { body = large, expect = true }))
    assert.same({ '100-continue' }, echo.values(server.asked[3], 'expect'))
  end)
end)
