-- Bad input raises at the call, with the argument's name; and nothing that is said about a request
-- ever has its secrets.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local nginx = servers.nginx
local URL = nginx.url .. '/small'

-- The error that fn must raise, without its place; which must be this file.
local function refusal(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok, 'was accepted')
  assert.equal('string', type(err))
  return (err:gsub('^[^:]*:%d+: ', ''))
end

local function of(fields)
  fields.url = fields.url or URL
  return refusal(curl.request, fields)
end

describe('a request that is none', function()
  it('is refused by every verb', function()
    for _, name in ipairs { 'request', 'get', 'head', 'delete', 'options', 'post', 'put', 'patch',
      'stream' } do
      local call = curl[name]
      assert.equal('request: expected a URL or a table, got nil', refusal(call))
      assert.equal('request: expected a URL or a table, got 5', refusal(call, 5))
      assert.equal('request: expected a URL or a table, got boolean', refusal(call, true))
      assert.equal('request.url: missing', refusal(call, {}))
      assert.equal('request.url: expected a string, got number', refusal(call, { url = 7 }))
      assert.equal('request.url: is empty', refusal(call, ''))
      assert.equal('request.url: is given twice', refusal(call, URL, { url = URL }))
      assert.equal('callback: expected a function, got 5', refusal(call, URL, {}, 5))
      assert.equal('callback: expected a function, got string', refusal(call, URL, 'x'))
      local not_callable = setmetatable({}, { __call = 5 })
      assert.equal('callback: expected a function, got table',
        refusal(call, URL, {}, not_callable))
      assert.equal("unknown request field 'timout'; did you mean 'timeout'?",
        refusal(call, URL, { timout = 5 }))
    end
  end)

  it('is refused by Multi', function()
    local multi = curl.Multi:new()
    assert.equal('request: expected a URL or a table, got nil', refusal(multi.add, multi))
    assert.equal('request.url: missing', refusal(multi.add, multi, {}))
    assert.equal('callback: expected a function, got string', refusal(multi.add, multi, URL, 'x'))
    assert.equal('use multi:method(…), with a colon', refusal(multi.add, URL))
    assert.equal('use multi:method(…), with a colon', refusal(multi.count))
    assert.equal('use Multi:new(settings), with a colon', refusal(curl.Multi.new))
    assert.equal('callback: expected a function, got 1', refusal(multi.close, multi, 1))
    local not_callable = setmetatable({}, { __call = {} })
    assert.equal('callback: expected a function, got table',
      refusal(multi.add, multi, URL, not_callable))
    assert.equal('request.on_data: expected a function, got table',
      refusal(multi.add, multi, { url = URL, on_data = not_callable }))
    assert.equal('Multi settings: expected a table, got string',
      refusal(curl.Multi.new, curl.Multi, 'x'))
    assert.equal("unknown Multi setting 'max_concurent'; did you mean 'max_concurrent'?",
      refusal(curl.Multi.new, curl.Multi, { max_concurent = 5 }))
    assert.equal('Multi setting max_connections: expected a count of 0 or more, got 1.5',
      refusal(curl.Multi.new, curl.Multi, { max_connections = 1.5 }))
    assert.equal(0, multi:count())
    multi:close()
    assert.matches('the Multi is closed', refusal(multi.add, multi, URL))
  end)

  it('is refused by the other functions', function()
    assert.equal('escape: expected a string, got nil', refusal(curl.escape))
    assert.equal('escape: expected a string, got number', refusal(curl.escape, 5))
  end)
end)

describe('a field', function()
  it('that nobody knows is told with the nearest', function()
    for given, nearest in pairs { timout = 'timeout', Headers = 'headers', header = 'headers',
      ['max-body'] = 'max_body', redirect = 'redirects', on_progres = 'on_progress',
      methode = 'method', qeury = 'query', proxi = 'proxy' } do
      assert.equal(("unknown request field '%s'; did you mean '%s'?"):format(given, nearest),
        of { [given] = 1 })
    end
    assert.equal("unknown request field 'zzzzzzzzzzzz'", of { zzzzzzzzzzzz = 1 })
    assert.equal('unknown request field 1', of { 'x' })
    assert.equal("unknown field of request.tls 'ca_fil'; did you mean 'ca_file'?",
      of { tls = { ca_fil = 'x' } })
    assert.equal("unknown field of request.auth 'pasword'; did you mean 'password'?",
      of { auth = { user = 'u', pasword = 'x' } })
    assert.equal("unknown field of request.proxy 'host'", of { proxy = { host = 'x' } })
    assert.equal("unknown field of request.low_speed 'limt'; did you mean 'limit'?",
      of { low_speed = { limt = 1, time = 1 } })
  end)

  -- { field = value, what it is refused with beyond "request.<field>" }
  local CASES = {
    { 'method', 5, ': expected a string, got number' },
    { 'method', '', ": '' is no valid name (letters, digits and !#$%&'*+-.^_`|~)" },
    { 'method', 'A B', ": 'A B' is no valid name (letters, digits and !#$%&'*+-.^_`|~)" },
    { 'query', 'a=b', ': expected a table, got string' },
    { 'query', { [true] = 1 }, ': expected names that are strings, got boolean' },
    { 'query', { a = print }, '.a: expected a string, number or boolean, got function' },
    { 'query', { { 'a' } }, '[1]: expected a pair {name, value}, got table' },
    { 'headers', 'a: b', ': expected a table, got string' },
    { 'headers', { 'a: b' }, '[1]: expected a pair {name, value}, got string' },
    { 'headers', { ['a b'] = 'x' },
      ": 'a b' is no valid name (letters, digits and !#$%&'*+-.^_`|~)" },
    { 'headers', { a = print }, '.a: expected a string, number or boolean, got function' },
    { 'form', 5, ': expected a table, got number' },
    { 'form', { a = print }, '.a: expected a string, number or boolean, got function' },
    { 'auth', 5, ": expected 'user:password' or a table, got 5" },
    { 'auth', 'sesame', ": expected 'user:password'" },
    { 'auth', {}, '.user: expected a string, got nil' },
    { 'auth', { user = 'u', scheme = 'oauth' },
      ".scheme: expected one of 'any', 'basic', 'digest', 'negotiate', 'ntlm', got 'oauth'" },
    { 'bearer', 5, ': expected a string, got number' },
    { 'redirects', -1, ': expected true, false or a number of redirects, got -1' },
    { 'redirects', 'all', ': expected true, false or a number of redirects, got string' },
    { 'timeout', '5s', ': expected a number of milliseconds, got string' },
    { 'timeout', -1, ': expected a number of milliseconds, got -1' },
    { 'connect_timeout', {}, ': expected a number of milliseconds, got table' },
    { 'first_byte', -5, ': expected a number of milliseconds, got -5' },
    { 'idle', true, ': expected a number of milliseconds, got boolean' },
    { 'low_speed', 5, ': expected a table, got number' },
    { 'low_speed', { time = 5 }, '.limit: expected a number of bytes per second, got nil' },
    { 'low_speed', { limit = 5 }, '.time: expected a number of milliseconds, got nil' },
    { 'proxy', 5, ': expected a URL, false or a table, got 5' },
    { 'proxy', {}, '.url: missing' },
    { 'tls', true, ': expected a table, got boolean' },
    { 'tls', { ca_file = 5 }, '.ca_file: expected a string, got number' },
    { 'tls', { verify = 1 }, '.verify: expected a boolean, got number' },
    { 'tls', { min_version = 1.2 },
      ".min_version: expected one of '1.0', '1.1', '1.2', '1.3', got 1.2" },
    { 'http_version', '4', ": expected one of '1.0', '1.1', '2', '2tls', '3', '3only', "
      .. "'prior-knowledge', got '4'" },
    { 'accept_encoding', 5, ': expected a string, got number' },
    { 'max_body', 0, ': expected a number of bytes, got 0' },
    { 'max_body', 1.5, ': expected a number of bytes, got 1.5' },
    { 'range', 'all', ": expected a range like '0-99', '100-', '-50' or {first, last}" },
    { 'range', { 5, 4 }, '[2]: expected the number of the last byte, got 4' },
    { 'range', {}, '[1]: expected the number of the first byte, got nil' },
    { 'resume_from', -1, ': expected a number of bytes, got -1' },
    { 'expect', 1, ': expected a boolean, got number' },
    { 'on_data', 'x', ': expected a function, got string' },
    { 'on_response', {}, ': expected a function, got table' },
    { 'on_progress', 5, ': expected a function, got 5' },
    { 'options', 5, ': expected a table, got number' },
  }
  for i, case in ipairs(CASES) do
    local shown = type(case[2]) == 'table' and '{…}' or tostring(case[2])
    it(('%d: %s = %s is refused'):format(i, case[1], shown), function()
      assert.equal('request.' .. case[1] .. case[3], of { [case[1]] = case[2] })
    end)
  end

  it('excludes another', function()
    assert.equal('request: body and json exclude each other', of { body = 'x', json = {} })
    assert.equal('request: json and form exclude each other', of { json = {}, form = {} })
    assert.equal("request.method: GET is said by the function's name",
      refusal(curl.get, { url = URL, method = 'GET' }))
  end)
end)

describe('CR, LF and NUL', function()
  it('are refused wherever they would start a line of their own', function()
    for _, byte in ipairs { '\r', '\n', '\r\n', '\0' } do
      local text = 'a' .. byte .. 'b'
      assert.equal('request.url: must not contain CR, LF, NUL or other control characters',
        of { url = nginx.url .. '/' .. text })
      for _, field in ipairs { 'method', 'bearer', 'accept_encoding', 'range', 'proxy', 'auth' } do
        assert.equal(('request.%s: must not contain CR, LF or NUL'):format(field),
          of { [field] = field == 'auth' and 'u:' .. text or text })
      end
      local function assert_line(where, fields)
        assert.equal(('request.%s: must not contain CR, LF or NUL'):format(where), of(fields))
      end
      assert_line('headers', { headers = { [text] = 'x' } })
      assert_line('headers.X', { headers = { X = text } })
      assert_line('headers.X', { headers = { X = { text } } })
      assert_line('auth.user', { auth = { user = text } })
      assert_line('auth.password', { auth = { user = 'u', password = text } })
      assert_line('proxy.url', { proxy = { url = text } })
      assert_line('tls.cert', { tls = { cert = text } })
    end
  end)
end)

describe('secrets', function()
  local SECRET = 'sesame'
  local function assert_clean(what, value)
    assert.is_nil(tostring(value):find(SECRET, 1, true), what .. ': ' .. tostring(value))
  end

  it('are not in what refuses a request', function()
    local url = 'http://me:sesame@127.0.0.1:99999/'
    assert_clean('url', of { url = url })
    assert_clean('base_url', of { base_url = url, url = 'x' })
    assert_clean('proxy', of { proxy = { url = 'http://me:sesame@x', hots = 1 } })
    assert_clean('auth', of { auth = SECRET })
    assert_clean('auth', of { auth = 'me:' .. SECRET .. '\n' })
    assert_clean('auth', of { auth = { user = 'me', password = SECRET, realm = 1 } })
    assert_clean('bearer', of { bearer = SECRET .. '\r' })
    assert_clean('headers', of { headers = { Authorization = SECRET .. '\n' } })
    assert_clean('options', of { options = { userpwd = 'me:' .. SECRET .. '\0' } })
  end)

  it('are not in errors, responses and transfers', function()
    helper.run(function()
      local refused = (fault.refused()):gsub('//', '//me:sesame@')
      local reset = fault.serve(function(conn)
        conn:request()
        conn:reset()
      end).url
      local requests = {
        { url = refused }, { url = refused, timeout = 1 }, { url = reset, auth = 'me:sesame' },
        { url = reset:gsub('//', '//me:sesame@') }, { url = reset, bearer = SECRET },
        { url = reset, headers = { Authorization = SECRET, ['X-Api-Key'] = SECRET } },
        { url = URL, proxy = refused }, { url = 'https://me:sesame@127.0.0.1:1/' },
        { url = 'ftp://me:sesame@127.0.0.1/' }, { url = 'http://me:sesame@no.such.host.invalid/' },
      }
      for i, request in ipairs(requests) do
        local t
        local err, res = helper.await(function(done) t = curl.request(request, done) end)
        assert.is_nil(res, i)
        for name, value in pairs(err) do
          assert_clean(name, value)
        end
        assert_clean('error', err)
        assert_clean('error', 'concatenated: ' .. err)
        assert_clean('transfer', t)
      end
    end)
  end)
end)
