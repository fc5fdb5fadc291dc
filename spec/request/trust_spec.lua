-- Whom a request trusts: those it names and no others, read once, and again when they have changed.

local curl = require 'luvcurl'
local child = require 'spec.support.child'
local core = require 'luvcurl_core'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local library = require 'luvcurl/host/library'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local nginx, certs = servers.nginx, servers.certs
local URL = nginx.tls_http1_url .. '/small'

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

local function folder()
  local dir = process.temp_dir('trust')
  helper.defer(function() process.remove_tree(dir) end)
  return dir
end

local function new_session()
  local session = curl.session()
  helper.defer(function() session.close() end)
  return session
end

local function outcome(tls, options)
  local res, err = new_session().get(URL, { tls = tls, options = options })
  return res and res.status or err.name
end

local SYSTEM = assert(core.version().ca_file, 'libcurl has no file of authorities built in')

local function system_and(path)
  return process.read_file(SYSTEM) .. process.read_file(path)
end

-- The DER of the first certificate in a PEM text.
local function der_of(pem)
  local dir = folder()
  process.write_file(dir .. '/a.pem', pem)
  local openssl = process.find('openssl', 'openssl')
  local command = ("cd '%s' && '%s' x509 -in a.pem -outform DER -out a.der"):format(dir, openssl)
  assert(os.execute(command))
  return process.read_file(dir .. '/a.der')
end

local function number(bytes, value)
  local text = ''
  for _ = 1, bytes do
    text, value = string.char(value % 256) .. text, math.floor(value / 256)
  end
  return text
end

-- As much of TLS 1.2 as a server says before it has to have a key: hello, and a certificate.
local function claims_to_be(certificate)
  local function message(kind, body) return string.char(kind) .. number(3, #body) .. body end
  local renegotiation = '\255\1\0\1\0'
  local hello = message(2, '\3\3' .. ('r'):rep(32) .. '\0' .. '\192\47' .. '\0' ..
    number(2, #renegotiation) .. renegotiation)
  local one = number(3, #certificate) .. certificate
  local shown = message(11, number(3, #one) .. one)
  local flight = hello .. shown
  return '\22\3\3' .. number(2, #flight) .. flight
end

-- Before libcurl 8.17 a certificate is looked at as it comes, so that the system's own can be shown
-- to it by who has not its key.
local function by_showing_one()
  -- An authority is not fit for a server: that is found when it is trusted.
  local UNKNOWN = 'self%-signed certificate'
  local certificate = der_of(process.read_file(SYSTEM))

  return function(request)
    local server = fault.serve(function(conn)
      conn:read()
      conn:send(claims_to_be(certificate))
      conn:stall()
    end)
    request.timeout = 10000
    local res, err = new_session().get(('https://127.0.0.1:%d/'):format(server.port), request)
    assert.is_nil(res)
    assert.equal('PEER_FAILED_VERIFICATION', err.name)
    return not err.message:find(UNKNOWN)
  end
end

-- From then on when all has been said: there has to be a system that trusts ours. It is made for
-- one process, in a name space of its own.
local function by_being_one()
  local unshare = process.find('unshare', 'util-linux')
  local dir = folder()
  local openssl = process.find('openssl', 'openssl')
  local place = SYSTEM:match('^(.*)/')
  assert.equal(place, core.version().ca_path, 'where libcurl finds the authorities of the system')
  process.write_file(dir .. SYSTEM:match('^.*(/.*)$'), process.read_file(certs.ca))
  assert(os.execute(("'%s' rehash '%s'"):format(openssl, dir)))
  local wrap = { unshare, '--map-root-user', '--mount', 'sh', '-c',
    ("mount --bind '%s' '%s' && exec \"$@\""):format(dir, place), 'sh' }

  return function(request)
    local parts = {}
    for name, fields in pairs(request) do
      local inner = {}
      for field, value in pairs(fields) do
        inner[#inner + 1] = ('%s = %s'):format(field, type(value) == 'string' and
          ('%q'):format(value) or tostring(value))
      end
      parts[#parts + 1] = ('%s = { %s }'):format(name, table.concat(inner, ', '))
    end
    local result = child.run(([[
      local curl = require 'luvcurl'
      local request = { %s }
      request.url = %q
      local res, err = curl.get(request)
      io.stderr:write('outcome: ', res and res.status or err.name, '\n')
    ]]):format(table.concat(parts, ', '), URL), { wrap = wrap })
    local ended = (result.err .. result.out):match('outcome: ([%w_]+)')
    assert.is_true(ended == '200' or ended == 'PEER_FAILED_VERIFICATION',
      result.err .. result.out)
    return ended == '200'
  end
end

describe('an authority of the system', function()
  runs('is trusted by a request that names none, and by no other', function()
    local is_trusted = library.at_least(8, 17) and by_being_one() or by_showing_one()
    local other = process.read_file(certs.other_ca)
    local empty = folder()
    assert.is_true(is_trusted {})
    assert.is_false(is_trusted { tls = { ca_file = certs.other_ca } })
    assert.is_false(is_trusted { tls = { ca_path = empty } })
    assert.is_false(is_trusted { tls = { ca_file = certs.other_ca, ca_path = empty } })
    assert.is_false(is_trusted { options = { cainfo_blob = other, capath = false } })
    assert.is_false(is_trusted { options = { cainfo = false, capath = false } })
    assert.is_false(is_trusted { options = { cainfo = certs.other_ca, capath = false } })
  end)
end)

describe('a long list of authorities', function()
  local dir, bundle, text

  -- Enough for the processor to have other things to do, and a tenth of what parsing all takes.
  -- ms for a connection, the handshake included; a sanitizer takes its time
  local MOST = os.getenv('LUVCURL_ASAN') and 12 or 3

  setup(function()
    text = system_and(certs.ca)
  end)

  before_each(function()
    dir = folder()
    bundle = dir .. '/bundle.pem'
    process.write_file(bundle, text)
  end)

  -- ms of this process's time for each of 16 connections at once.
  local function cost(tls, options)
    local session = new_session()
    local count = 16
    local began = os.clock()
    for _ = 1, count do
      session.get(URL, { tls = tls, options = options }, helper.expect(1, function(err, res)
        assert.equal(200, res and res.status or tostring(err))
        count = count - 1
      end))
    end
    helper.wait_for(function() return count == 0 end)
    return (os.clock() - began) * 1000 / 16
  end

  local WAYS = {
    { 'a file', function() return { ca_file = bundle } end },
    { 'a folder', function() return { ca_path = certs.ca_path } end },
    { 'a file and a folder', function()
      return { ca_file = bundle, ca_path = '/etc/ssl/certs' }
    end },
    { 'a text', function() return nil, { cainfo_blob = text } end },
    { 'an option', function() return nil, { cainfo = bundle } end },
  }
  for _, way in ipairs(WAYS) do
    runs(('is read once for all connections, given as %s'):format(way[1]), function()
      local tls, options = way[2]()
      local first = cost(tls, options)
      for _ = 1, 2 do -- the least of three: other processes use the caches, too
        first = math.min(first, cost(tls, options))
      end
      assert.is_true(first < MOST, ('%.1f ms for each connection'):format(first))
    end)
  end

  runs('is read once, named by the environment', function()
    local result = child.run(([[
      local curl = require 'luvcurl'
      local url = %q
      assert(curl.get(url))
      local began = os.clock()
      for _ = 1, 16 do
        assert(curl.get(url, { options = { fresh_connect = true, ssl_sessionid_cache = false } }))
      end
      io.stderr:write('each: ', (os.clock() - began) * 1000 / 16, '\n')
    ]]):format(URL), { env = { SSL_CERT_FILE = bundle } })
    local each = tonumber((result.err .. result.out):match('each: (%S+)'))
    assert.is_true(each ~= nil and each < MOST, result.err .. result.out)
  end)

  runs('takes a first connection less than 10 ms', function()
    local least = math.huge
    for i = 1, 3 do
      local path = ('%s/%d.pem'):format(dir, i)
      process.write_file(path, text)
      local began = os.clock()
      assert.equal(200, outcome { ca_file = path })
      least = math.min(least, (os.clock() - began) * 1000)
    end
    assert.is_true(least < 12, ('%.1f ms with the handshake'):format(least))
  end)
end)

describe('a file of authorities', function()
  runs('that changes is read again', function()
    local path = folder() .. '/ca.pem'
    local function with(text)
      process.write_file(path .. '.new', text)
      assert(os.rename(path .. '.new', path))
      return outcome { ca_file = path }
    end
    local session = new_session() -- the handles of one session know the file as it was
    for _ = 1, 2 do
      assert.equal('PEER_FAILED_VERIFICATION', with(process.read_file(certs.other_ca)))
      assert.equal(200, with(process.read_file(certs.ca)))
      assert.equal(200, assert(session.get(URL, { tls = { ca_file = path } })).status)
    end
    assert.equal('SSL_CACERT_BADFILE', with('no certificate'))
  end)

  runs('may hold what is no certificate', function()
    local path = folder() .. '/ca.pem'
    local openssl = process.find('openssl', 'openssl')
    assert(os.execute(("'%s' x509 -in '%s' -trustout -addtrust serverAuth -out '%s'"):format(
      openssl, certs.ca, path)))
    assert.matches('TRUSTED CERTIFICATE', process.read_file(path))
    assert.equal(200, outcome { ca_file = path })
    process.write_file(path, 'A comment.\r\n' .. process.read_file(certs.ca):gsub('\n', '\r\n'))
    assert.equal(200, outcome { ca_file = path })
    process.write_file(path, process.read_file(certs.ca):sub(1, -200))
    assert.equal('SSL_CACERT_BADFILE', outcome { ca_file = path })
  end)

  runs('may have several authorities of one name', function()
    local path = folder() .. '/ca.pem'
    local dir = folder()
    local openssl = process.find('openssl', 'openssl')
    -- the name of the authority, another key
    assert(os.execute(("cd '%s' && '%s' req -x509 -newkey ec -pkeyopt " ..
      'ec_paramgen_curve:prime256v1 -nodes -keyout k.pem -out other.pem -days 30 -subj "/CN=ca" ' ..
      '2>openssl.log'):format(dir, openssl)))
    local other, own = process.read_file(dir .. '/other.pem'), process.read_file(certs.ca)
    process.write_file(path, other .. own)
    assert.equal(200, outcome { ca_file = path })
    process.write_file(path, own .. other)
    assert.equal(200, outcome { ca_file = path })
    process.write_file(path, other)
    assert.equal('PEER_FAILED_VERIFICATION', outcome { ca_file = path })
  end)
end)

describe('an HTTPS proxy', function()
  local TUNNEL = nginx.tls_url .. '/small'

  local function through(url, tls, options)
    options.proxy = servers.proxy.https.url
    local res, err = new_session().get(url, { tls = tls, options = options })
    -- COMPAT libcurl 7.88 has the other name for a server that fails behind an HTTPS proxy
    return res and res.status or (err.name:gsub('^SSL_CONNECT_ERROR$', 'PEER_FAILED_VERIFICATION'))
  end

  runs('has authorities of its own, and the server behind it others', function()
    local theirs = { proxy_cainfo = certs.proxy_ca, proxy_capath = false }
    local function with(server, proxy)
      return through(TUNNEL, { ca_file = server }, { proxy_cainfo = proxy, proxy_capath = false })
    end
    for _ = 1, 2 do
      assert.equal(200, with(certs.ca, certs.proxy_ca))
      assert.equal('PEER_FAILED_VERIFICATION', with(certs.proxy_ca, certs.proxy_ca))
      assert.equal('PEER_FAILED_VERIFICATION', with(certs.ca, certs.ca))
      assert.equal('PEER_FAILED_VERIFICATION', with(certs.proxy_ca, certs.ca))
    end
    assert.equal(200, through(nginx.url .. '/small', nil, theirs))
    assert.equal('PEER_FAILED_VERIFICATION', through(nginx.url .. '/small', nil, {}))
  end)

  runs('is taken as it is where it is not to be verified, the server is not', function()
    local function with(tls, options)
      options.proxy_ssl_verifypeer, options.proxy_ssl_verifyhost = false, false
      return through(TUNNEL, tls, options)
    end
    assert.equal(200, with({ ca_file = certs.ca }, {}))
    assert.equal('PEER_FAILED_VERIFICATION', with({ ca_file = certs.proxy_ca }, {}))
    assert.equal('PEER_FAILED_VERIFICATION', through(TUNNEL, { verify = false }, {}))
    assert.equal(200, through(TUNNEL, { verify = false },
      { proxy_cainfo = certs.proxy_ca, proxy_capath = false }))
  end)

  runs('may have its authorities as a text', function()
    local text = process.read_file(certs.proxy_ca)
    assert.equal(200, through(TUNNEL, { ca_file = certs.ca }, { proxy_cainfo_blob = text }))
    assert.equal('PEER_FAILED_VERIFICATION', through(TUNNEL, { ca_file = certs.ca },
      { proxy_cainfo_blob = process.read_file(certs.ca) }))
  end)

  runs('costs no more for a long list of authorities', function()
    local dir = folder()
    process.write_file(dir .. '/all.pem', system_and(certs.proxy_ca))
    local least = math.huge
    for _ = 1, 4 do
      local began = os.clock()
      assert.equal(200, through(TUNNEL, { ca_file = certs.ca },
        { proxy_cainfo = dir .. '/all.pem', proxy_capath = false }))
      least = math.min(least, (os.clock() - began) * 1000)
    end
    assert.is_true(least < 8, ('%.1f ms for two handshakes'):format(least))
  end)

  runs('of the environment, met at a redirect, is not trusted as the server is', function()
    local path = folder() .. '/both.pem'
    process.write_file(path, process.read_file(certs.ca) .. process.read_file(certs.proxy_ca))
    local function outcome_of(name)
      local result = child.run(([[
        local curl = require 'luvcurl'
        local res, err = curl.get(%q, { tls = { ca_file = %q } })
        io.stderr:write('outcome: ', res and res.status or err.name, '\n')
      ]]):format(nginx.url .. '/to/302/url?url=' .. TUNNEL, path),
        { env = { [name] = servers.proxy.https.url, no_proxy = '', NO_PROXY = '' } })
      return (result.err .. result.out):match('outcome: ([%w_]+)')
    end
    assert.equal('PEER_FAILED_VERIFICATION', outcome_of('https_proxy'))
    assert.equal('200', outcome_of('no_such_proxy'))
  end)
end)
