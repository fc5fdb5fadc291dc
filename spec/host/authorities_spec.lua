-- Where certificates of authorities are found, on systems that are laid out like this or that.

local authorities = require 'luvcurl/host/authorities'
local child = require 'spec.support.child'
local core = require 'luvcurl_core'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

-- A system with these files.
local function system(paths)
  local root = process.temp_dir('root')
  helper.defer(function() process.remove_tree(root) end)
  for _, path in ipairs(paths) do
    assert(os.execute(("mkdir -p '%s%s'"):format(root, path:match('^(.*)/'))))
    process.write_file(root .. path, 'certificates')
  end
  return root
end

local DEBIAN = '/etc/ssl/certs/ca-certificates.crt'
local FEDORA = '/etc/pki/tls/certs/ca-bundle.crt'
local ALPINE = '/etc/ssl/cert.pem'

describe('certificates of authorities', function()
  it("are left to libcurl where its own place is there", function()
    local root = system { DEBIAN, FEDORA }
    assert.same({}, { authorities.find(FEDORA, nil, root) })
    assert.same({}, { authorities.find(DEBIAN, '/etc/ssl/certs', root) })
    assert.same({}, { authorities.find(nil, '/etc/ssl/certs', root) })
  end)

  it('are found where Debian, Fedora and Alpine have them', function()
    for _, place in ipairs { DEBIAN, FEDORA, ALPINE,
      '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', '/etc/ssl/ca-bundle.pem' } do
      local root = system { place }
      for _, own in ipairs { '/opt/build/cacert.pem', DEBIAN, FEDORA } do
        if own ~= place then
          assert.same({ root .. place }, { authorities.find(own, nil, root) })
        end
      end
      assert.same({ root .. place }, { authorities.find(nil, nil, root) })
    end
  end)

  it('are found in a folder where there is no file', function()
    local root = system { '/etc/ssl/certs/1234abcd.0' }
    local file, folder = authorities.find('/nowhere/ca.pem', '/nowhere/certs', root)
    assert.is_nil(file)
    assert.equal(root .. '/etc/ssl/certs', folder)
  end)

  it('are found nowhere where there are none', function()
    assert.same({}, { authorities.find('/nowhere', nil, system {}) })
  end)

  it('are asked of the libcurl that is loaded', function()
    local version = core.version()
    assert.is_true(type(version.ca_file) == 'string' or type(version.ca_path) == 'string')
    assert.same({}, { authorities.find(version.ca_file, version.ca_path) })
  end)

  it('are those that the environment names', function()
    local SCRIPT = ([[
      local curl = require 'luvcurl'
      local res, err = curl.get(%q)
      io.stderr:write('outcome: ', res and res.body or tostring(err), '\n')
    ]]):format(servers.nginx.tls_localhost_url .. '/small')
    helper.run(function()
      for _, name in ipairs { 'CURL_CA_BUNDLE', 'SSL_CERT_FILE' } do
        local result = child.run(SCRIPT, { env = { [name] = servers.certs.ca } })
        assert.matches('outcome: hello world', result.err .. result.out)
      end
      local result = child.run(SCRIPT, { env = { SSL_CERT_DIR = servers.certs.ca_path,
        CURL_CA_BUNDLE = '' } })
      assert.matches('outcome: hello world', result.err .. result.out)
      result = child.run(SCRIPT)
      assert.matches('outcome: PEER_FAILED_VERIFICATION', result.err .. result.out)
    end, 20000)
  end)
end)
