-- Sessions: shared defaults, what a request says over them, and a Multi of their own.

local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local nginx = servers.nginx

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

local function new(settings)
  local session = curl.session(settings)
  helper.defer(function() session.close() end)
  return session
end

describe('a session', function()
  runs('has every verb, called by dot or colon', function()
    local server = echo.serve()
    local session = new { base_url = server.url .. '/api/' }
    for _, name in ipairs { 'get', 'head', 'delete', 'options', 'post', 'put', 'patch' } do
      assert(session[name]('x'))
      assert(session[name](session, 'x', { query = { q = 1 } }))
      local asked = server.asked
      assert.equal(name:upper(), asked[#asked].method)
      assert.equal('/api/x?q=1', asked[#asked].path)
      assert.equal('/api/x', asked[#asked - 1].path)
    end
    assert.equal(200, assert(session.request { url = 'y' }).status)
    assert.equal('ok', assert(session:stream('z')):text())
    session:get('w', helper.expect(1, function(err, res)
      assert.is_nil(err)
      assert.equal(server.url .. '/api/w', res.url)
    end))
  end)

  runs('puts its defaults on every request', function()
    local server = echo.serve()
    local session = new { base_url = server.url, headers = { Accept = 'a/b', ['X-One'] = '1' },
      query = { key = 'k' }, auth = 'user:pass', options = { useragent = 'spec', referer = 'r' } }
    assert(session.get('/p'))
    local asked = server.asked[1]
    assert.equal('/p?key=k', asked.path)
    assert.equal('a/b', asked.headers.accept)
    assert.equal('1', asked.headers['x-one'])
    assert.equal('Basic dXNlcjpwYXNz', asked.headers.authorization)
    assert.equal('spec', asked.headers['user-agent'])
  end)

  runs('lets a request say otherwise', function()
    local server = echo.serve()
    local session = new { base_url = server.url, headers = { Accept = 'a/b', ['X-One'] = '1' },
      query = { key = 'k' }, auth = 'user:pass', options = { useragent = 'spec', referer = 'r' } }
    assert(session.get('/p', { headers = { ACCEPT = 'c/d', ['x-two'] = '2' },
      query = { { 'q', 1 } }, bearer = 't', options = { useragent = 'other' } }))
    local asked = server.asked[1]
    assert.equal('/p?key=k&q=1', asked.path)
    assert.same({ 'c/d' }, echo.values(asked, 'accept'))
    assert.same({ '1', '2' }, { asked.headers['x-one'], asked.headers['x-two'] })
    assert.equal('Bearer t', asked.headers.authorization)
    assert.same({ 'other', 'r' }, { asked.headers['user-agent'], asked.headers.referer })
    -- and forgets it
    assert(session.get('/p'))
    assert.equal('a/b', server.asked[2].headers.accept)
    assert.equal('Basic dXNlcjpwYXNz', server.asked[2].headers.authorization)
    -- false takes one away
    assert(session.get('/p', { headers = { ['x-one'] = false } }))
    assert.is_nil(server.asked[3].headers['x-one'])
  end)

  runs('keeps its defaults whatever becomes of the table they came in', function()
    local server = echo.serve()
    local settings = { base_url = server.url, headers = { ['X-One'] = '1', ['X-Two'] = { '2' } } }
    local session = new(settings)
    settings.base_url = 'http://no.such.host.invalid'
    settings.headers['X-One'], settings.headers['X-Two'][1] = 'changed', 'changed'
    assert(session.get('/'))
    assert(session.get('/', { query = { q = 1 } }))
    for _, asked in ipairs(server.asked) do
      assert.equal('1', asked.headers['x-one'])
      assert.equal('2', asked.headers['x-two'])
    end
  end)

  runs('asks for a URL alone as for a table with that URL', function()
    local server = echo.serve()
    local session = new { base_url = server.url, headers = { ['X-One'] = '1' }, bearer = 't',
      query = { q = 1 }, timeout = 5000, accept_encoding = false, max_body = 10000 }
    assert(session.get('a'))
    assert(session.get { url = 'a' })
    assert(session.request('a'))
    assert(session.stream('a')):text()
    for i = 1, 4 do
      local asked = server.asked[i]
      assert.same({ 'GET', '/a?q=1' }, { asked.method, asked.path })
      assert.same(server.asked[1].headers, asked.headers)
    end
    assert.equal('Bearer t', server.asked[4].headers.authorization)
  end)

  runs('bounds every request by its timeouts and max_body', function()
    local silent = fault.silent()
    local session = new { timeout = 50, max_body = 100 }
    for _ = 1, 2 do -- what one leaves behind is not the next one's
      local _, late = session.get(silent.url)
      assert.equal('OPERATION_TIMEDOUT', late.name)
      local _, large = session.get(nginx.url .. '/1k')
      assert.equal('FILESIZE_EXCEEDED', large.name)
    end
  end)

  runs('has connections of its own', function()
    local one, two = new(), new()
    local function connection(session)
      return assert(session.get(nginx.url .. '/small')).headers['x-connection']
    end
    local first = connection(one)
    assert.equal(first, connection(one))
    assert.not_equal(first, connection(two))
    assert.equal(first, connection(one))
    local stats = one.multi:stats()
    assert.same({ 1, 2, 3 }, { stats.opened, stats.reused, stats.finished })
  end)

  runs('has limits of its own', function()
    local session = new { max_concurrent = 2 }
    local most, ended = 0, 0
    for _ = 1, 10 do
      session.get(nginx.url .. '/1k', helper.expect(1, function(err)
        assert.is_nil(err)
        ended = ended + 1
      end))
    end
    helper.wait_for(function()
      most = math.max(most, session.multi:stats().in_flight)
      return ended == 10
    end)
    assert.is_true(most <= 2, tostring(most))
    assert.is_true(session.multi:stats().opened <= 2)
  end)

  runs('ends what is in flight when it is closed, and refuses more', function()
    local server = fault.silent()
    local session = new()
    session.get(server.url, helper.expect(1, function(err)
      assert.same({ 'ABORTED_BY_CALLBACK', 'the Multi was closed' }, { err.name, err.message })
    end))
    helper.wait_for(function() return server.connections == 1 end)
    helper.await(function(done) session:close(done) end)
    assert.equal(0, session.multi:count())
    local ok, err = pcall(session.get, nginx.url .. '/small')
    assert.is_false(ok)
    assert.matches('the Multi is closed', err)
  end)
end)

describe('settings', function()
  it('may have all that a Multi takes', function()
    local settings = { max_connections = 1, max_host_connections = 2, max_concurrent = 3,
      turn_budget = 4 }
    new(settings)
    for name in pairs(settings) do
      local ok, err = pcall(new, { [name] = 'x' })
      assert.is_false(ok)
      assert.matches('Multi setting ' .. name .. ': expected', err)
    end
  end)

  it('are checked when the session is made', function()
    local function refusal(settings)
      local ok, err = pcall(curl.session, settings)
      assert.is_false(ok)
      return (err:gsub('^[^:]*:%d+: ', ''))
    end
    assert.equal('session settings: expected a table, got string', refusal 'http://x')
    assert.equal("unknown request field 'timout'; did you mean 'timeout'?", refusal { timout = 1 })
    assert.equal('request.timeout: expected a number of milliseconds, got string',
      refusal { timeout = '1s' })
    assert.equal('session: body belongs to a single request', refusal { body = 'x' })
    assert.equal('session: url belongs to a single request', refusal { url = 'http://x' })
    assert.equal('Multi setting max_concurrent: expected a count of 0 or more, got -1',
      refusal { max_concurrent = -1 })
    assert.matches('^url: Port number was not a decimal number',
      refusal { base_url = 'http://x:y/' })
    assert.matches("^unknown option 'verbos'", refusal { options = { verbos = true } })
  end)
end)

describe("a session's secrets", function()
  local SECRETS = { headers = { ['X-Api-Key'] = 'KEY', Accept = 'a/b' }, bearer = 'TOKEN',
    query = { key = 'K' } }

  local function with(base_url, more)
    local settings = { base_url = base_url }
    for name, value in pairs(SECRETS) do settings[name] = value end
    for name, value in pairs(more or {}) do settings[name] = value end
    return new(settings)
  end

  local function got(asked)
    return { asked.headers.authorization or '', asked.headers['x-api-key'] or '',
      asked.headers.accept, asked.path }
  end

  runs('go to the origin of its base_url only', function()
    local server, other = echo.serve(), echo.serve()
    local session = with(server.url .. '/v1/')
    assert(session:get('x'))
    assert(session:get(server.url .. '/y'))
    assert.same({ 'Bearer TOKEN', 'KEY', 'a/b', '/v1/x?key=K' }, got(server.asked[1]))
    assert.same({ 'Bearer TOKEN', 'KEY', 'a/b', '/y?key=K' }, got(server.asked[2]))
    local away = { other.url .. '/a', (other.url:gsub('^http:', '')) .. '/a' }
    for i, url in ipairs(away) do
      assert(session:get(url))
      assert.same({ '', '', 'a/b', '/a' }, got(other.asked[i]))
    end
    assert(session:get(other.url .. '/a', { query = { q = 1 } }))
    assert(session:request { url = other.url .. '/a', method = 'POST', body = 'x' })
    assert(session:stream(other.url .. '/a')):close()
    assert.same({ '', '', 'a/b', '/a?q=1' }, got(other.asked[3]))
    assert.same({ '', '', 'a/b', '/a' }, got(other.asked[4]))
    assert.same({ '', '', 'a/b', '/a' }, got(other.asked[5]))
    -- what a request says itself was meant for where it goes
    assert(session:get(other.url .. '/a', { bearer = 'THEIRS', headers = { ['X-Other'] = 'o' } }))
    assert.equal('Bearer THEIRS', other.asked[6].headers.authorization)
    assert.equal('o', other.asked[6].headers['x-other'])
  end)

  runs('go to the origins that it trusts', function()
    local server, other, third = echo.serve(), echo.serve(), echo.serve()
    local session = with(server.url, { trusted = { other.url } })
    assert(session:get(other.url .. '/a'))
    assert(session:get(third.url .. '/a'))
    assert.same({ 'Bearer TOKEN', 'KEY', 'a/b', '/a?key=K' }, got(other.asked[1]))
    assert.same({ '', '', 'a/b', '/a' }, got(third.asked[1]))
    local ok, why = pcall(curl.session, { trusted = { other.url .. '/path' } })
    assert.is_false(ok)
    assert.matches('session.trusted%[1%]: expected an origin', why)
  end)

  runs('go anywhere without a base_url', function()
    local server = echo.serve()
    assert(with(nil):get(server.url .. '/a'))
    assert.equal('Bearer TOKEN', server.asked[1].headers.authorization)
  end)
end)
