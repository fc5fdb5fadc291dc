--- Where this system keeps the certificates of the authorities it trusts.
---
--- libcurl has one place built in, that of the system it was built on. A libcurl that came along
--- with a program finds nothing there on another system, and no certificate would be good.

local authorities = {}

--- One file with all of them, by those who keep it there.
local FILES = {
  '/etc/ssl/certs/ca-certificates.crt', -- Debian, Ubuntu, Arch, Gentoo, Alpine, NixOS
  '/etc/pki/tls/certs/ca-bundle.crt', -- Fedora, RHEL
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', -- Fedora and RHEL, as they are going to
  '/etc/ssl/ca-bundle.pem', -- openSUSE
  '/etc/ssl/cert.pem', -- Alpine, macOS, OpenBSD
  '/usr/local/share/certs/ca-root-nss.crt', -- FreeBSD
}

--- A folder with one file each, named as OpenSSL looks for them.
local FOLDERS = { '/etc/ssl/certs', '/etc/pki/tls/certs' }

local function exists(path)
  local file = io.open(path, 'rb')
  if file then
    file:close()
  end
  return file ~= nil
end

local function first(paths, root)
  for _, path in ipairs(paths) do
    if exists(root .. path) then
      return root .. path
    end
  end
  return nil
end

--- What libcurl has to be told: nothing where one of its own places is there.
---@param own_file string|nil  libcurl's built-in file
---@param own_folder string|nil  libcurl's built-in folder
---@param root string|nil  what all paths are below; '' unless a spec says otherwise
---@return string|nil file
---@return string|nil folder
function authorities.find(own_file, own_folder, root)
  root = root or ''
  if own_file and exists(root .. own_file) or own_folder and exists(root .. own_folder) then
    return nil, nil
  end
  local file = first(FILES, root)
  return file, not file and first(FOLDERS, root) or nil
end

return authorities
