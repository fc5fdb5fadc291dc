-- Certificates, names, keys and versions. In the luvi-like host this proves the deep binding too:
-- its own SSL symbols abort when they are called.

local curl = require 'luvcurl'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local nginx, certs = servers.nginx, servers.certs

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

-- By a session of its own: on a connection that is open already nothing is verified any more.
local function get(url, tls)
  local session = curl.session()
  helper.defer(function() session.close() end)
  return session.get(url .. '/small', { tls = tls })
end

local function assert_body(url, tls)
  local res = assert(get(url, tls))
  assert.same({ 200, 'hello world\n' }, { res.status, res.body })
  assert.is_true(res.timings.tls > 0)
end

local function refusal(url, tls, name)
  local res, err = get(url, tls)
  assert.is_nil(res)
  assert.same({ name, 'tls', url .. '/small' }, { err.name, err.phase, err.url })
  return err.message
end

describe('a good certificate', function()
  runs('is trusted by its authority', function()
    for _, url in ipairs { nginx.tls_url, nginx.tls_localhost_url, nginx.tls_http1_url,
      nginx.tls_1_2_url } do
      assert_body(url, { ca_file = certs.ca })
      assert_body(url, { ca_path = certs.ca_path })
    end
    assert_body(nginx.tls_url, { ca_file = certs.ca, ca_path = certs.ca_path })
  end)

  runs('is refused without it', function()
    local problem = 'unable to get local issuer certificate'
    assert.matches(problem, refusal(nginx.tls_url, nil, 'PEER_FAILED_VERIFICATION'))
    assert.matches('certificate',
      refusal(nginx.tls_url, { ca_file = certs.other_ca }, 'PEER_FAILED_VERIFICATION'))
  end)

  runs('that was trusted a moment ago does not count for a request that trusts others', function()
    local session = curl.session()
    local function outcome(tls)
      local res, err = session.get(nginx.tls_url .. '/small', { tls = tls })
      return res and res.status or err.name
    end
    for _ = 1, 2 do
      assert.equal(200, outcome { ca_file = certs.ca })
      assert.equal('PEER_FAILED_VERIFICATION', outcome { ca_file = certs.other_ca })
      assert.equal('PEER_FAILED_VERIFICATION', outcome(nil))
      assert.equal(200, outcome { verify = false })
    end
    session.close()
  end)

  runs('needs a file of authorities that is there', function()
    local path = certs.ca .. '.missing'
    local message = refusal(nginx.tls_url, { ca_file = path }, 'SSL_CACERT_BADFILE')
    assert.truthy(message:find(path, 1, true), message)
  end)
end)

describe('a wrong certificate', function()
  local CASES = {
    wrong_host = "no alternative certificate subject name matches target .*'127.0.0.1'",
    expired = 'certificate has expired',
    self_signed = 'self%-signed certificate',
  }
  for kind, problem in pairs(CASES) do
    runs(('(%s) is refused, and says why'):format(kind:gsub('_', ' ')), function()
      local url = nginx['tls_' .. kind .. '_url']
      local message = refusal(url, { ca_file = certs.ca }, 'PEER_FAILED_VERIFICATION')
      assert.matches(problem, message)
    end)

    runs(('(%s) is taken with verify = false, then refused again'):format(kind:gsub('_', ' ')),
      function()
        local url = nginx['tls_' .. kind .. '_url']
        assert_body(url, { verify = false })
        refusal(url, { ca_file = certs.ca }, 'PEER_FAILED_VERIFICATION')
        refusal(url, { ca_file = certs.ca, verify = true }, 'PEER_FAILED_VERIFICATION')
      end)
  end

  runs('that signed itself is taken when it is its own authority', function()
    assert_body(nginx.tls_self_signed_url, { ca_file = certs.self_signed.cert })
  end)
end)

describe('a client certificate', function()
  local client = certs.client

  runs('opens the door', function()
    local url = nginx.tls_client_url
    assert.equal(400, assert(curl.get(url .. '/small', { tls = { ca_file = certs.ca } })).status)
    assert_body(url, { ca_file = certs.ca, cert = client.cert, key = client.key })
    -- and the connection it was opened on is not for those who have none
    assert.equal(400, assert(curl.get(url .. '/small', { tls = { ca_file = certs.ca } })).status)
  end)

  runs('may have an encrypted key', function()
    local tls = { ca_file = certs.ca, cert = client.cert, key = client.encrypted_key,
      key_password = certs.key_password }
    assert_body(nginx.tls_client_url, tls)
    tls.key_password = 'wrong'
    local message = refusal(nginx.tls_client_url, tls, 'SSL_CERTPROBLEM')
    assert.is_nil(message:find('wrong', 1, true))
  end)

  runs('must be there', function()
    local tls = { ca_file = certs.ca, cert = client.cert .. '.missing', key = client.key }
    local message = refusal(nginx.tls_client_url, tls, 'SSL_CERTPROBLEM')
    assert.truthy(message:find(tls.cert, 1, true), message)
    tls = { ca_file = certs.ca, cert = client.cert, key = client.key .. '.missing' }
    refusal(nginx.tls_client_url, tls, 'SSL_CERTPROBLEM')
    -- the key of another certificate
    tls = { ca_file = certs.ca, cert = client.cert, key = certs.server.key }
    refusal(nginx.tls_client_url, tls, 'SSL_CERTPROBLEM')
  end)
end)

describe('pinned_key', function()
  runs('takes the one key only', function()
    assert_body(nginx.tls_url, { ca_file = certs.ca, pinned_key = certs.pin })
    local other = 'sha256//' .. ('A'):rep(43) .. '='
    assert_body(nginx.tls_url, { ca_file = certs.ca, pinned_key = other .. ';' .. certs.pin })
    local message = refusal(nginx.tls_url, { ca_file = certs.ca, pinned_key = other },
      'SSL_PINNEDPUBKEYNOTMATCH')
    assert.matches('public key does not match', message)
    -- even where the certificate is not looked at
    refusal(nginx.tls_url, { verify = false, pinned_key = other }, 'SSL_PINNEDPUBKEYNOTMATCH')
  end)
end)

describe('min_version', function()
  runs('is kept', function()
    assert_body(nginx.tls_1_2_url, { ca_file = certs.ca, min_version = '1.2' })
    assert_body(nginx.tls_1_2_url, { ca_file = certs.ca, min_version = '1.0' })
    local message = refusal(nginx.tls_1_2_url, { ca_file = certs.ca, min_version = '1.3' },
      'SSL_CONNECT_ERROR')
    assert.matches('protocol version', message)
    local res = assert(curl.get(servers.nghttpd.url .. '/text.txt', {
      tls = { ca_file = certs.ca, min_version = '1.3' } }))
    assert.equal(200, res.status)
  end)
end)

describe('options', function()
  runs('take certificates from memory', function()
    local ca = process.read_file(certs.ca)
    local res = assert(curl.get(nginx.tls_url .. '/small', { options = { cainfo_blob = ca } }))
    assert.equal('hello world\n', res.body)
    local _, err = curl.get(nginx.tls_url .. '/small', {
      options = { cainfo_blob = process.read_file(certs.other_ca) } })
    assert.equal('PEER_FAILED_VERIFICATION', err.name)
  end)
end)

describe('what is no TLS', function()
  runs('is told as such', function()
    local url = nginx.url:gsub('^http:', 'https:')
    assert.matches('wrong version number',
      refusal(url, { ca_file = certs.ca }, 'SSL_CONNECT_ERROR'))
    local res = assert(curl.get(nginx.tls_url:gsub('^https:', 'http:') .. '/small'))
    assert.equal(400, res.status)
  end)
end)
