local child = require 'spec.support.child'
local core = require 'luvcurl_core'
local curl = require 'luvcurl'
local helper = require 'spec.support.helper'

local function set_of(list)
  local set = {}
  for _, name in ipairs(list) do
    assert.is_string(name)
    set[name] = true
  end
  return set
end

describe('curl.version()', function()
  it('tells of the four libraries', function()
    local version = curl.version()
    assert.matches('^%d+%.%d+%.%d+', version.luvcurl)
    assert.matches('^%d+%.%d+%.%d+', version.libcurl)
    assert.equal(helper.uv.version_string(), version.libuv)
    assert.matches('^OpenSSL/', version.ssl)
    assert.is_true(version.luv == nil or version.luv:match('^%d+%.%d+') ~= nil)
  end)

  it('is asked what it takes, its TLS library included', function()
    local function takes(...) return core.accepts(core.options({ ... })) end
    assert.is_true(takes('capath', '/etc/ssl/certs', 'cainfo', '/etc/ssl/cert.pem'))
    assert.is_false(takes('sslengine', 'no-such'))
    assert.is_false(takes('cainfo', '/a', 'protocols_str', 'no-such'))
  end)

  it('names what this libcurl can do', function()
    local version = curl.version()
    local protocols, features = set_of(version.protocols), set_of(version.features)
    assert.is_true(protocols.http and protocols.https)
    assert.is_true(features.SSL and features.HTTP2 and features.libz)
    assert.is_nil(protocols['no-such'])
  end)

  it('gives a fresh table each time', function()
    curl.version().protocols[1] = 'changed'
    assert.not_equal('changed', curl.version().protocols[1])
  end)
end)

describe('a luv', function()
  it('that cannot tell whether its loop runs (before 1.40) is refused', function()
    local result
    helper.run(function()
      result = child.run([[
        local uv = package.loaded.luv or package.loaded.uv or vim and vim.loop or require 'luv'
        uv.loop_mode = nil
        local ok, message = pcall(require, 'luvcurl')
        io.stdout:write(tostring(ok), ' ', tostring(message))
      ]])
    end, child.DEADLINE)
    assert.matches('^false .*luvcurl: luv 1%.42 or newer is needed', result.out)
  end)
end)

describe('curl.escape()', function()
  it('encodes all but the plain characters', function()
    assert.equal('a%20b%2F%C3%A9%00%7E' , (curl.escape('a b/é\0~'):gsub('~', '%%7E')))
    assert.equal('AZaz09-._', curl.escape('AZaz09-._'))
    assert.equal('', curl.escape(''))
  end)
end)
