-- What the loader looks at before it lets luvcurl begin: whose OpenSSL libcurl would get, and which
-- Lua this is.

local child = require 'spec.support.child'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local host = helper.host
local BUILD = os.getenv('LUVCURL_BUILD')

-- arg: what to load before, how, what to load after, URL, certificate
local SCRIPT = [[
local uv = package.loaded.luv or package.loaded.uv or vim and vim.loop or require 'luv'
local before, how, after, url, ca = (table.unpack or unpack)(arg)
local function load(name)
  if name == '' then return end
  if how == 'ffi.load' then
    kept = require 'ffi'.load(name)
  else
    assert(package.loadlib(name, how))
  end
end
load(before)
local ok, curl = pcall(require, 'luvcurl')
if not ok then
  io.stdout:write((curl:gsub('^.-luvcurl: ', ''):gsub('\n.*', '')), '\n')
  return
end
load(after)
local done
curl.get({ url = url, tls = { ca_file = ca } }, function(err, res)
  io.stdout:write(tostring(err or res.body))
  done = true
end)
if vim then
  vim.wait(10000, function() return done end, 5)
elseif not package.loaded.uv or package.loaded.luv then
  uv.run()
end
]]

local CRYPTO, SSL, CURL, SSH = 'libcrypto.so.3', 'libssl.so.3', 'libcurl.so.4', 'libssh2.so.1'

-- By a function of each, as Lua opens modules; and as LuaJIT's FFI opens libraries.
local FUNCTIONS = { [CRYPTO] = 'OPENSSL_init_crypto', [SSL] = 'SSL_new', [CURL] = 'curl_version',
  [SSH] = 'libssh2_version' }

local function loads(before, how, after)
  local result
  helper.run(function()
    how = how == 'package.loadlib' and FUNCTIONS[before ~= '' and before or after] or how
    local url = servers.nginx.tls_url .. '/small'
    result = child.run(SCRIPT, { args = { before, how, after or '', url, servers.certs.ca } })
  end, child.DEADLINE)
  assert.same({ 0, 0, '' }, { result.code, result.signal, result.err })
  return result.out
end

local WAYS = { 'package.loadlib' }
if host == 'luajit' or host == 'luvi' or host == 'nvim' then
  WAYS[2] = 'ffi.load'
end

if host == 'luvi' then
  describe('in a host that exports an OpenSSL, luvcurl refuses', function()
    for _, how in ipairs(WAYS) do
      for _, name in ipairs { CRYPTO, SSL, CURL, SSH } do
        it(('after %s was loaded (%s), and names it'):format(name, how), function()
          local out = loads(name, how)
          assert.matches(name:gsub('%p', '%%%0') .. ' was loaded before luvcurl', out)
          assert.matches('the OpenSSL of the host program', out, 1, true)
          assert.matches("require 'luvcurl' before it is loaded", out, 1, true)
        end)
      end
    end

    it('after a module that needs libcrypto, and names that', function()
      local module = BUILD .. '/needs_crypto.so'
      local expected = 'libcrypto.so.3 was loaded before luvcurl, brought by ' .. module .. ', and'
      assert.matches(expected, loads(module, 'luaopen_needs_crypto'), 1, true)
    end)
  end)
end

describe('luvcurl goes on', function()
  for _, how in ipairs(WAYS) do
    for _, name in ipairs { CRYPTO, SSL, CURL } do
      if host ~= 'luvi' then
        it(('after %s was loaded (%s), where no host has an OpenSSL'):format(name, how), function()
          assert.equal('hello world\n', loads(name, how))
        end)
      end
      it(('when %s is loaded after it (%s)'):format(name, how), function()
        assert.equal('hello world\n', loads('', how, name))
      end)
    end
  end
end)

-- The build for LuaJIT lies beside that for this Lua.
local other = BUILD:match('^(.*)%-lua5%.[34]$')
if other then
  describe('a module that was built for another Lua', function()
    it('says so', function()
      local path = other .. '/luvcurl_core.so'
      local ok, why = pcall(assert(package.loadlib(path, 'luaopen_luvcurl_core')))
      assert.is_false(ok)
      assert.matches('is built for Lua 5.1, and this is ' .. _VERSION, why, 1, true)
    end)
  end)
end

describe('luvcurl_core.so without the file beside it', function()
  it('says where that has to be', function()
    local result
    helper.run(function()
      local alone = folder.new():write('luvcurl_core.so',
        process.read_file(BUILD .. '/luvcurl_core.so'))
      result = child.run([[
        local opened, why = pcall(assert(package.loadlib(arg[1], 'luaopen_luvcurl_core')))
        io.stdout:write(tostring(opened), ' ', tostring(why))
      ]], { args = { alone } })
    end, child.DEADLINE)
    assert.matches('^false luvcurl: there is no /.*/luvcurl_impl.so: it has to lie beside '
      .. 'luvcurl_core.so', result.out, nil, nil, result.err)
  end)
end)
