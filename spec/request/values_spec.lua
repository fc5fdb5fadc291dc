-- What values come to: numbers whole, nested tables refused, what is odd told shortly.

local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local helper = require 'spec.support.helper'
local refused = require 'spec.support.refusal'

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

describe('a number', function()
  runs('keeps all its digits', function()
    local server = echo.serve()
    local us = 1796000000123456
    assert(curl.post(server.url .. '/', {
      query = { a = us, b = 2 ^ 53, c = 1e21, d = 0.1, e = 3.0 },
      headers = { ['X-Since'] = us }, form = { since = us, at = 1796000000.123456 } }))
    local asked = server.asked[1]
    assert.equal('/?a=1796000000123456&b=9007199254740992&c=1000000000000000000000&d=0.1&e=3',
      asked.path)
    assert.equal('1796000000123456', asked.headers['x-since'])
    local at, since = asked.body:match('^at=([%d.]+)&since=(%d+)$')
    assert.equal(1796000000.123456, tonumber(at))
    assert.equal('1796000000123456', since)
    assert(curl.post(server.url .. '/', { multipart = { since = us } }))
    assert.matches('\r\n\r\n1796000000123456\r\n', server.asked[2].body)
    if math.maxinteger then
      assert(curl.get(server.url .. '/', { query = { n = math.maxinteger, m = math.mininteger } }))
      assert.equal('/?m=-9223372036854775808&n=9223372036854775807', server.asked[3].path)
    end
  end)

  it('that cannot be written is refused', function()
    refused({ query = { a = 0 / 0 } }, 'request.query.a: expected a number that can be written')
    refused({ headers = { a = 1 / 0 } }, 'request.headers.a')
    refused({ resume_from = 1e300 }, 'request.resume_from: expected a number of bytes')
    refused({ max_body = 1e300 }, 'request.max_body')
  end)
end)

describe('a nested table', function()
  it('is refused by the name of its field, with how it is written', function()
    refused({ query = { filter = { name = 'x' } } }, "request.query.filter.*%['filter%[name%]'%]")
    refused({ form = { filter = { 1, { 2 } } } }, 'request.form.filter%[2%]')
    refused({ headers = { ['x-a'] = { b = 1 } } }, 'request.headers.x%-a')
    refused({ query = { { 'a', 1 }, b = 2 } }, "has no names: 'b'")
    refused({ query = { a = { 1, nil, 3 } } }, 'request.query.a')
  end)

  it('in a circle is refused, too', function()
    local circle = { 'x' }
    circle[2] = circle
    refused({ headers = { a = circle } }, 'request.headers.a%[2%]')
    local parts = { { name = 'a' } }
    parts[1].parts = parts
    refused({ multipart = parts }, 'parts nested deeper than 32')
    local deep = { { name = 'x', data = 'y' } }
    for _ = 1, 20000 do deep = { { name = 'x', parts = deep } } end
    refused({ multipart = deep }, 'parts nested deeper than 32')
    local settings = { headers = {} }
    settings.headers.a = settings
    local ok, why = pcall(curl.session, settings)
    assert.is_false(ok)
    assert.matches('session.headers: tables nested deeper than 32, or in a circle', why)
  end)
end)

describe('an odd value', function()
  it('is told in a few printable characters', function()
    local large = ('\1x'):rep(1000000)
    refused({ headers = { [large] = 'x' } }, 'request.headers')
    refused({ query = { [large] = {{}} } }, 'request.query')
    refused({ [large] = 1 }, 'unknown request field')
    refused({ http_version = large }, 'request.http_version')
    refused({ auth = { user = 'x', scheme = large } }, 'request.auth.scheme')
    refused({ multipart = { { name = 'x', data = 'y', [large] = 1 } } }, 'unknown field')
    refused({ multipart = { { file = '/tmp/a\r\nX: y' } } }, 'must not contain CR, LF or NUL')
  end)
end)
