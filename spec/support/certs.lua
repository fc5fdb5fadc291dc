-- Certificates for the TLS servers, made fresh by the openssl program: one authority, a good server
-- certificate, the ways a certificate can be wrong, and a client certificate.

local process = require 'spec.support.process'

local certs = {}

local CA_CONFIG = [[
[ca]
default_ca = spec
[spec]
dir = %s
database = $dir/index.txt
new_certs_dir = $dir
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
copy_extensions = copy
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
basicConstraints = critical,CA:false
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
[req]
distinguished_name = subject
prompt = no
[subject]
CN = unused
]]

local PASSWORD = 'spec-key-password'
local LONG_AGO = { '20200101000000Z', '20200102000000Z' }
local NOW = { '20200101000000Z', '20491231000000Z' }
local LOCAL_NAMES = 'DNS:localhost,IP:127.0.0.1,IP:::1'

---@param dir string
---@return fun(command: string, ...): nil run openssl with a formatted argument line
local function openssl_in(dir)
  local program = process.find('openssl', 'openssl')
  return function(command, ...)
    local line = command:format(...)
    local log = dir .. '/openssl.log'
    local status = os.execute(("cd '%s' && '%s' %s >>'%s' 2>&1"):format(dir, program, line, log))
    if status ~= 0 and status ~= true then
      error(('openssl %s failed:\n%s'):format(line, process.read_file(log)), 0)
    end
  end
end

local function authority(openssl, name)
  openssl('req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout %s.key ' ..
    '-out %s.pem -days 3650 -subj "/CN=%s" -config ca.cnf -extensions authority', name, name, name)
end

local function leaf(openssl, name, names, period, signer)
  signer = signer or 'ca'
  openssl('req -config ca.cnf -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes ' ..
    '-keyout %s.key -out %s.csr -subj "/CN=%s" -addext subjectAltName=%s', name, name, name, names)
  openssl('ca -batch -notext -config ca.cnf -keyfile %s.key -cert %s.pem ' ..
    '-in %s.csr -out %s.pem -startdate %s -enddate %s', signer, signer, name, name, period[1],
    period[2])
end

---@class Certs every value is a path, but for key_password and pin
---@field ca string the authority to trust
---@field ca_path string a directory with that authority, hashed as OpenSSL wants it
---@field other_ca string an authority that signed none of the servers
---@field proxy_ca string the authority that the HTTPS proxy's certificate is of
---@field proxy table { cert, key } good for localhost, 127.0.0.1 and ::1, signed by that one
---@field server table { cert, key } good for localhost, 127.0.0.1 and ::1
---@field wrong_host table { cert, key } for other.example
---@field expired table { cert, key } ended in 2020
---@field self_signed table { cert, key } signed by nobody but itself
---@field client table { cert, key, encrypted_key }
---@field key_password string opens client.encrypted_key
---@field pin string 'sha256//…' of the good server's public key

--- Makes everything in a directory. Takes a fraction of a second.
---@param dir string
---@return Certs
function certs.make(dir)
  local openssl = openssl_in(dir)
  process.write_file(dir .. '/ca.cnf', CA_CONFIG:format(dir))
  process.write_file(dir .. '/index.txt', '')
  authority(openssl, 'ca')
  authority(openssl, 'other_ca')
  authority(openssl, 'proxy_ca')
  leaf(openssl, 'server', LOCAL_NAMES, NOW)
  leaf(openssl, 'wrong_host', 'DNS:other.example', NOW)
  leaf(openssl, 'expired', LOCAL_NAMES, LONG_AGO)
  leaf(openssl, 'proxy', LOCAL_NAMES, NOW, 'proxy_ca')
  leaf(openssl, 'client', 'DNS:client.example', NOW)
  openssl('req -x509 -config ca.cnf -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes ' ..
    '-keyout self_signed.key -out self_signed.pem -days 3650 -subj "/CN=self_signed" ' ..
    '-addext subjectAltName=%s', LOCAL_NAMES)
  openssl('pkey -in client.key -aes256 -passout pass:%s -out client_encrypted.key', PASSWORD)
  os.execute(("mkdir '%s/ca_path' && cp '%s/ca.pem' '%s/ca_path/'"):format(dir, dir, dir))
  openssl('rehash ca_path')
  openssl('pkey -in server.key -pubout -outform DER -out server.pub')
  openssl('dgst -sha256 -binary -out server.digest server.pub')
  openssl('base64 -in server.digest -out server.pin')

  local function pair(name)
    return { cert = dir .. '/' .. name .. '.pem', key = dir .. '/' .. name .. '.key' }
  end
  local made = {
    ca = dir .. '/ca.pem',
    ca_path = dir .. '/ca_path',
    other_ca = dir .. '/other_ca.pem',
    proxy_ca = dir .. '/proxy_ca.pem',
    proxy = pair 'proxy',
    server = pair 'server',
    wrong_host = pair 'wrong_host',
    expired = pair 'expired',
    self_signed = pair 'self_signed',
    client = pair 'client',
    key_password = PASSWORD,
    pin = 'sha256//' .. process.read_file(dir .. '/server.pin'):gsub('%s', ''),
  }
  made.client.encrypted_key = dir .. '/client_encrypted.key'
  return made
end

return certs
