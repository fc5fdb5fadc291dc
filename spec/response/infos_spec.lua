-- What is kept of a transfer because its request asks for it: in every way of waiting, and whatever
-- its handle has served since.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local nginx, tls = servers.nginx, { ca_file = servers.certs.ca }
local ASKED = { 'certinfo', 'cookielist', 'effective_method', 'redirect_url', 'os_errno' }

-- Another request takes over what the first one left.
local function next_one()
  assert(curl.get(nginx.tls_url .. '/small', { tls = tls }))
end

local function request(path, more)
  local one = { url = nginx.tls_url .. path, tls = tls, infos = ASKED }
  for name, value in pairs(more or {}) do one[name] = value end
  return one
end

-- By res:info or download:info.
local function knows(res)
  local first = res:info('certinfo')[1]
  local text = table.concat(first, '\n')
  assert.matches('Subject:', text)
  assert.matches('BEGIN CERTIFICATE', text)
  assert.equal(2, #res:info('cookielist'))
  assert.matches('flavour', table.concat(res:info('cookielist'), '\n'))
  assert.equal('GET', res:info('effective_method'))
  assert.is_nil(res:info('redirect_url'))
  local ok, why = pcall(res.info, res, 'ssl_engines')
  assert.is_false(ok)
  assert.matches('infos_spec%.lua:%d+: info .ssl_engines. is not kept after the end: '
    .. "ask for it by infos = { 'ssl_engines' }", why)
end

local function runs(name, body)
  it(name, function() helper.run(body) end)
end

local PATH = '/cookies/set'

describe('infos', function()
  runs('of a coroutine, twice: neither a kept connection nor a kept session hides a certificate',
    function()
      for _ = 1, 2 do
        local res = assert(curl.get(request(PATH)))
        next_one()
        knows(res)
      end
    end)

  it('of a main chunk', function()
    local res = assert(curl.get(request(PATH)))
    next_one()
    knows(res)
  end)

  runs('of a callback', function()
    local res
    curl.get(request(PATH), helper.expect(1, function(err, answer)
      assert.is_nil(err)
      res = answer
    end))
    helper.wait_for(function() return res end)
    next_one()
    knows(res)
  end)

  runs('of a stream', function()
    local res = assert(curl.stream(request(PATH)))
    assert(res:text())
    next_one()
    knows(res)
  end)

  runs('of a download', function()
    local dir = process.temp_dir('infos')
    helper.defer(function() process.remove_tree(dir) end)
    local one = request(PATH)
    local url = one.url
    one.url = nil
    local res = assert(curl.download(url, dir .. '/file', one))
    next_one()
    knows(res)
  end)

  runs('of a session', function()
    local session = curl.session { base_url = nginx.tls_url, tls = tls, infos = ASKED }
    local res = assert(session.get(PATH))
    assert(session.get('/small'))
    knows(res)
  end)

  runs('of a failure', function()
    local server = fault.half(function(conn) conn:close() end)
    local _, err = curl.get { url = server.url .. '/', infos = { 'request_size', 'filetime_t' } }
    assert.equal('PARTIAL_FILE', err.name)
    next_one()
    assert.equal(-1, err.response:info('filetime_t'))
  end)

  runs('are checked at the call', function()
    local function fails(infos, message)
      local ok, why = pcall(curl.get, { url = nginx.url .. '/small', infos = infos })
      assert.is_false(ok)
      assert.matches('infos_spec%.lua:%d+: ' .. message, why)
    end
    fails({ 'certinf' }, "unknown info 'certinf'; did you mean 'certinfo'%?")
    fails({ 'certificates' }, "unknown info 'certificates'; did you mean 'certinfo'%?")
    fails('certinfo', 'request%.infos: expected a list of names, got string')
    fails({ certinfo = true }, 'request%.infos: expected a list of names')
    fails({ 'tls_session' }, "info 'tls_session' is a pointer")
    local res = assert(curl.get(nginx.url .. '/small'))
    local ok, why = pcall(res.info, res, 'primary_ipp')
    assert.is_false(ok)
    assert.matches("unknown info 'primary_ipp'; did you mean 'primary_ip'%?", why)
  end)
end)
