--- The request field `tls`.

local check = require('luvcurl/check')

local KNOWN = {
  'ca_file', 'ca_path', 'cert', 'key', 'key_password', 'verify', 'pinned_key', 'min_version',
}

--- CURL_SSLVERSION_TLSv1_*
local VERSIONS = { ['1.0'] = 4, ['1.1'] = 5, ['1.2'] = 6, ['1.3'] = 7 }

---@param out luvcurl.Flat
---@param where string
---@param tls luvcurl.Tls
return function(out, where, tls)
  check.record(where, tls, KNOWN)

  local function path(field, option)
    if tls[field] ~= nil then
      out:push(option, check.line(where .. '.' .. field, tls[field]))
    end
  end

  -- libcurl's built-in file and folder of certificates would count beside the ones named here
  if tls.ca_file ~= nil and tls.ca_path == nil then
    out:push('capath', false)
  elseif tls.ca_path ~= nil and tls.ca_file == nil then
    out:push('cainfo', false)
  end
  path('ca_file', 'cainfo')
  path('ca_path', 'capath')
  path('cert', 'sslcert')
  path('key', 'sslkey')
  path('key_password', 'keypasswd')
  path('pinned_key', 'pinnedpublickey')
  if tls.verify ~= nil then
    local verify = check.type(where .. '.verify', tls.verify, 'boolean')
    out:push('ssl_verifypeer', verify and 1 or 0)
    out:push('ssl_verifyhost', verify and 2 or 0)
  end
  if tls.min_version ~= nil then
    out:push('sslversion', check.word(where .. '.min_version', tls.min_version, VERSIONS))
  end
end
