-- A connection serves only requests that would have made it the same way: what is asked of the
-- server's certificate, of the client's, of the proxy and of the protocol.

local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local nginx, certs = servers.nginx, servers.certs
local client = certs.client

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

local function new_session(settings)
  local session = curl.session(settings)
  helper.defer(function() session.close() end)
  return session
end

local function outcome(session, url, request)
  local res, err = session.get(url, request)
  return res and res.status or err.name
end

describe('a kept connection', function()
  runs('with a client certificate is not for another key or password', function()
    local session = new_session()
    local function with(key, password)
      return outcome(session, nginx.tls_client_url .. '/small', { tls = { ca_file = certs.ca,
        cert = client.cert, key = key, key_password = password } })
    end
    for _ = 1, 2 do
      assert.equal(200, with(client.encrypted_key, certs.key_password))
      assert.is_string(with(client.encrypted_key, 'wrong')) -- an error, of this name or that
      assert.is_string(with(certs.server.key))
      assert.equal(200, with(client.key))
    end
  end)

  -- What is said by who has not asked for TLS, over a connection that has none.
  local IMAP = {
    CAPABILITY = '* CAPABILITY IMAP4rev1\r\n', LOGIN = '', LIST = '* LIST () "/" INBOX\r\n',
    LOGOUT = '* BYE\r\n',
  }

  runs('without TLS is not for a request that demands it', function()
    local server = fault.serve(function(conn)
      conn:send('* OK ready\r\n')
      while true do
        local line = conn:read_until('\r\n')
        if not line then
          return
        end
        local tag, command = line:match('^(%S+) (%u+)')
        conn:send(('%s%s OK\r\n'):format(IMAP[command] or '', tag))
      end
    end)
    local session = new_session()
    local function get(options)
      options.protocols_str = 'imap'
      local res, err = session.get(('imap://127.0.0.1:%d/'):format(server.port), {
        auth = 'user:password', options = options })
      return res and res.body or err.name
    end
    for _ = 1, 2 do
      assert.equal('* LIST () "/" INBOX\r\n', get {})
      assert.equal('USE_SSL_FAILED', get { use_ssl = 3 })
    end
  end)

  runs('with one pinned key is not for another', function()
    local session = new_session()
    local other = 'sha256//' .. ('A'):rep(43) .. '='
    local function with(pin)
      return outcome(session, nginx.tls_url .. '/small', {
        tls = { ca_file = certs.ca, pinned_key = pin } })
    end
    assert.same({ 200, 200, 'SSL_PINNEDPUBKEYNOTMATCH' },
      { with(nil), with(certs.pin), with(other) })
  end)

  runs('serves the next one that is alike, whatever came between', function()
    local session = new_session()
    local url = nginx.tls_http1_url .. '/small'
    local function connection(tls)
      return assert(session.get(url, { tls = tls })).headers['x-connection']
    end
    local plain, as_client = { ca_file = certs.ca }, { ca_file = certs.ca, cert = client.cert,
      key = client.key }
    local first, second = connection(plain), connection(as_client)
    assert.not_equal(first, second)
    assert.same({ first, second }, { connection(plain), connection(as_client) })
  end)
end)

-- Any option that tells requests apart.
local function kin(number, url)
  return { url = url, options = { ssl_cipher_list = 'HIGH:+AES' .. number } }
end

describe('requests of many kinds', function()
  runs('have their lanes, and not one for each that ever was', function()
    local server = echo.serve(function() return { body = 'hello' } end)
    local m = curl.Multi:new()
    helper.defer(function() m:close() end)
    for i = 1, 200 do
      local res, err
      m:add(kin(i, server.url), function(e, r) res, err = r, e end)
      helper.wait_for(function() return res or err end)
      assert.equal('hello', res and res.body or tostring(err))
    end
    assert.is_true(m:stats().lanes <= 64, m:stats().lanes)
  end)

  runs('do not wait for one another where connections are limited', function()
    for _, limit in ipairs { 'max_connections', 'max_host_connections' } do
      local m = curl.Multi:new { [limit] = 1 }
      local held = m:add(kin(1, nginx.url .. '/slow'), helper.expect(1, function() end))
      for i = 2, 4 do
        local res, err
        m:add(kin(i, nginx.url .. '/small'), function(e, r) res, err = r, e end)
        helper.wait_for(function() return res or err end)
        assert.equal('hello world\n', res and res.body or tostring(err))
      end
      assert.equal('running', held:state())
      assert.equal(2, m:stats().lanes)
      held:cancel()
      m:close()
    end
  end)
end)
