local core = require 'luvcurl_core'
local request = require 'luvcurl/request/request'

local URL = 'http://example.org/'

local serial = 0

--- Compiles a request and gives the options it added, by name, the last one of each.
local function options_of(given)
  local seen = {}
  local real = core.options
  core.options = function(list)
    for i = 1, #list, 2 do
      seen[list[i]] = list[i + 1]
    end
    return real(list)
  end
  given.url = given.url or URL
  given.options = given.options or {}
  -- a set that is known already is not built again: make each one new
  serial = serial + 1
  given.options.maxage_conn = serial
  local ok, url, _, body, sink = pcall(request.compile, given)
  core.options = real
  if not ok then
    error(url, 0)
  end
  return seen, body, sink, url
end

local function refuses(given, message)
  local ok, err = pcall(request.compile, given)
  assert.is_false(ok)
  assert.truthy(tostring(err):find(message, 1, true),
    ('expected "%s" in "%s"'):format(message, tostring(err)))
end

local function with(fields)
  fields.url = fields.url or URL
  return fields
end

describe('request.compile', function()
  it('takes a plain URL', function()
    local url, options, body, sink = request.compile('HTTP://example.org')
    assert.equal(URL, url)
    assert.truthy(options)
    assert.is_nil(body)
    assert.is_nil(sink)
  end)

  it('shares the options of like requests', function()
    local _, a = request.compile(URL)
    local _, b = request.compile(URL .. 'other')
    local _, c = request.compile({ url = URL, timeout = 1234 })
    local _, d = request.compile({ url = URL, timeout = 1234 })
    local _, e = request.compile({ url = URL, timeout = 1235 })
    assert.equal(a, b)
    assert.equal(c, d)
    assert.not_equal(c, e)
  end)

  it('resolves against a base and adds a query', function()
    local _, _, _, url = options_of { url = 'b?x=1', base_url = 'http://h/a/', query = {
      { 'q', 'a b' }, { 'r', { 1, true } },
    } }
    assert.equal('http://h/a/b?x=1&q=a+b&r=1&r=true', url)
  end)

  it('resolves the same text against each base, however many there are', function()
    for _ = 1, 2 do
      for i = 1, 1100 do -- more than are remembered
        local url = request.compile { url = 'x', base_url = ('http://h/%d/'):format(i % 550) }
        assert.equal(('http://h/%d/x'):format(i % 550), url)
        assert.equal(('http://x/%d'):format(i), (request.compile('x/' .. i)))
      end
    end
    assert.equal('http://x/', (request.compile 'x'))
    assert.equal('http://h/a/b/1/x',
      (request.compile { url = '/1/x', base_url = 'http://h/a/b' }))
    refuses({ url = '', base_url = '' }, 'request.url: is empty')
    refuses({ url = 'x', base_url = 'http://h:y/' }, 'Port number')
    refuses({ url = 'x', query = false }, 'request.query: expected a table, got boolean')
  end)

  it('makes the same lines of headers again, however many there are', function()
    for _ = 1, 2 do
      for i = 1, 300 do -- more than are remembered
        local seen = options_of { headers = { ['X-' .. i] = i, ['x-a'] = 'v' .. i % 150 } }
        assert.same({ ('X-%d: %d'):format(i, i), 'x-a: v' .. i % 150 }, seen.httpheader)
      end
    end
    assert.same({ 'a: 1', 'b: 1', 'c: true', 'd;', 'e:' }, options_of({ headers = {
      a = 1, b = '1', c = true, d = '', e = false } }).httpheader)
    for _ = 1, 2 do -- what is wrong is not remembered
      refuses({ url = URL, headers = { a = 'x\r\ny' } },
        'request.headers.a: must not contain CR, LF or NUL')
    end
  end)

  it('is safe by default', function()
    local seen = options_of {}
    assert.equal('http,https', seen.protocols_str)
    assert.equal('http,https', seen.redir_protocols_str)
    assert.equal(1, seen.followlocation)
    assert.equal(10, seen.maxredirs)
    assert.equal('', seen.accept_encoding)
    assert.is_nil(seen.ssl_verifypeer)
  end)

  it('knows the methods', function()
    assert.is_nil(options_of({ method = 'get' }).customrequest)
    assert.equal(1, options_of({ method = 'HEAD' }).nobody)
    assert.equal('DELETE', options_of({ method = 'delete' }).customrequest)
    assert.equal('BREW', options_of({ method = 'BREW' }).customrequest)
    local seen, body = options_of { method = 'POST' }
    assert.equal(1, seen.post)
    assert.equal('', body)
    seen, body = options_of { body = 'x' }
    assert.equal(1, seen.post)
    assert.is_nil(seen.customrequest)
    assert.equal('x', body)
    seen, body = options_of { method = 'PUT', body = 'a\0b' }
    assert.equal('PUT', seen.customrequest)
    assert.equal('a\0b', body)
  end)

  it('writes header lines', function()
    assert.same({ 'A: 1', 'B;', 'C: x', 'C: y', 'Host:' }, options_of({
      headers = { A = 1, B = '', C = { 'x', 'y' }, Host = false },
    }).httpheader)
    assert.same({ 'Z: 1', 'A: 2' },
      options_of({ headers = { { 'Z', '1' }, { 'A', '2' } } }).httpheader)
    assert.same({ 'Expect:' }, options_of({ expect = false }).httpheader)
  end)

  it('encodes forms', function()
    local seen, body = options_of { form = { { 'b', '\195\164 &=' }, { 'a', { 1, 2 } } } }
    assert.equal('b=%C3%A4+%26%3D&a=1&a=2', body)
    assert.same({ 'Content-Type: application/x-www-form-urlencoded' }, seen.httpheader)
  end)

  it('leaves the content type to the user', function()
    assert.same({ 'Content-Type:' }, options_of({ body = 'x' }).httpheader)
    assert.same({ 'content-type: a/b' },
      options_of({ body = 'x', headers = { ['content-type'] = 'a/b' } }).httpheader)
  end)

  it('takes credentials', function()
    local seen = options_of { auth = 'user:pass:word' }
    assert.equal('user', seen.username)
    assert.equal('pass:word', seen.password)
    assert.equal(1, seen.httpauth)
    assert.equal(2, options_of({ auth = { user = 'u', scheme = 'digest' } }).httpauth)
    assert.equal('t', options_of({ bearer = 't' }).xoauth2_bearer)
  end)

  it('takes times in milliseconds', function()
    assert.equal(1500, options_of({ timeout = 1500 }).timeout_ms)
    assert.equal(1, options_of({ timeout = 0.2 }).timeout_ms)
    assert.equal(0, options_of({ timeout = false }).timeout_ms)
    assert.equal(2, options_of({ low_speed = { limit = 9, time = 1001 } }).low_speed_time)
    local _, _, sink = options_of { first_byte = 5, idle = 6, max_body = 7, high_water = 8 }
    assert.same({ 5, 6, 7, 8 }, { sink.first_byte, sink.idle, sink.max_body, sink.high_water })
  end)

  it('takes TLS settings', function()
    local seen = options_of { tls = { ca_file = '/ca', verify = false, min_version = '1.3' } }
    assert.equal('/ca', seen.cainfo)
    assert.is_false(seen.capath)
    assert.equal(0, seen.ssl_verifypeer)
    assert.equal(0, seen.ssl_verifyhost)
    assert.equal(7, seen.sslversion)
  end)

  it('takes proxies', function()
    assert.equal('', options_of({ proxy = false }).proxy)
    local seen = options_of {
      proxy = { url = 'http://p:1', user = 'u', password = 'p', bypass = { 'a', 'b' } },
    }
    assert.equal('http://p:1', seen.proxy)
    assert.equal('u', seen.proxyusername)
    assert.equal('a,b', seen.noproxy)
  end)

  it('asks for parts uncompressed', function()
    local seen = options_of { range = { 5 } }
    assert.equal('5-', seen.range)
    assert.is_false(seen.accept_encoding)
    assert.equal('0-9', options_of({ range = { 0, 9 } }).range)
    assert.equal(2 ^ 33, options_of({ resume_from = 2 ^ 33 }).resume_from_large)
  end)

  it('lets options override', function()
    assert.equal('ftp', options_of({ options = { protocols_str = 'ftp' } }).protocols_str)
    assert.equal('X', options_of({ method = 'Y', options = { customrequest = 'X' } }).customrequest)
  end)

  it('refuses what it does not know', function()
    refuses(with { timout = 1 }, "unknown request field 'timout'; did you mean 'timeout'?")
    refuses(with { options = { tcp_keepaliv = 1 } }, "did you mean 'tcp_keepalive'?")
    refuses(with { options = { writefunction = 1 } },
      "luvcurl's own; use the request field 'on_data'")
    refuses(with { tls = { verfy = true } }, "did you mean 'verify'?")
    refuses(with { http_version = '9' }, 'request.http_version: expected one of')
  end)

  it('refuses values of the wrong type and says which', function()
    refuses(with { timeout = 'x' },
      'request.timeout: expected a number of milliseconds, got string')
    refuses(with { timeout = -1 }, 'request.timeout: expected')
    refuses(with { timeout = 0 / 0 }, 'request.timeout: expected')
    refuses(with { headers = 'x' }, 'request.headers: expected a table, got string')
    refuses(with { query = { a = {} , [1] = 2 } }, 'request.query[1]: expected a pair')
    refuses(with { body = 5 }, 'request.body: expected')
    refuses(with { max_body = 1.5 }, 'request.max_body: expected a number of bytes')
    refuses(with { on_data = 1 }, 'request.on_data: expected a function, got')
    refuses(with { options = { tcp_keepalive = 'x' } }, "option 'tcp_keepalive'")
    refuses({}, 'request.url: missing')
    refuses({ url = 5 }, 'request.url: expected a string, got number')
    refuses({ url = '' }, 'request.url: is empty')
    refuses(5, 'request: expected a URL or a table, got 5')
  end)

  it('refuses what would say more than one line', function()
    for _, bad in ipairs { 'a\rb', 'a\nb', 'a\0b' } do
      refuses(with { headers = { x = bad } }, 'request.headers.x: must not contain CR, LF or NUL')
      refuses(with { headers = { [bad] = 'x' } }, 'must not contain CR, LF or NUL')
      refuses(with { method = bad }, 'request.method: must not contain CR, LF or NUL')
      refuses({ url = URL .. bad }, 'request.url: must not contain')
      refuses(with { bearer = bad }, 'request.bearer: must not contain')
    end
    refuses(with { headers = { ['a b'] = 'x' } }, 'is no valid name')
    refuses(with { method = 'GE T' }, 'is no valid name')
  end)

  it('refuses contradictions', function()
    refuses(with { body = 'x', form = {} }, 'body and form exclude each other')
    refuses(with { auth = 'u:p', bearer = 't' }, 'auth and bearer exclude each other')
    refuses(with { method = 'HEAD', body = 'x' }, 'a HEAD request has no body')
  end)

  it('keeps secrets out of its errors', function()
    local _, err = pcall(request.compile, with { auth = 'secret' })
    assert.is_nil(tostring(err):find('secret', 1, true))
    _, err = pcall(request.compile, 'http://user:secret@[/')
    assert.is_nil(tostring(err):find('secret', 1, true))
  end)

  it('points to the line of the caller', function()
    local _, err = pcall(function() request.compile(with { timout = 1 }) end)
    assert.truthy(err:find('compile_spec.lua:%d+: unknown'))
  end)
end)
